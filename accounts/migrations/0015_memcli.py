"""The command line client is known from the start: signs in by a typed code, or by a browser on the same computer."""

from typing import Any

from django.conf import settings
from django.db import migrations


def add(apps: Any, schema_editor: Any) -> None:
    application = apps.get_model("oauth2_provider", "Application")
    application.objects.get_or_create(
        client_id="memcli",
        defaults={
            "name": "MEMSHADOW command line",
            "client_type": "public",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": "http://127.0.0.1/callback http://[::1]/callback http://localhost/callback",
            "registration_source": "manual",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_oauth"),
        ("oauth2_provider", "0022_refreshtoken_token_family_index"),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
