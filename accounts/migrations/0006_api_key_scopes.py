"""Writes the scopes of keys out that were made when there were three: read, write and admin."""

from typing import Any

from django.db import migrations

_NOW = {
    "read": ("memories:read",),
    "write": ("memories:read", "memories:write", "memories:delete", "enrich", "export"),
    "admin": ("*",),
}


def rename(apps: Any, schema_editor: Any) -> None:
    """Each key with an old name gets what that name implied; the others stay."""
    for key in apps.get_model("accounts", "ApiKey").objects.filter(scopes__overlap=list(_NOW)).iterator():
        names = {name for given in key.scopes for name in _NOW.get(given, (given,))}
        key.scopes = ["*"] if "*" in names else sorted(names)
        key.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_api_key_limits")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
