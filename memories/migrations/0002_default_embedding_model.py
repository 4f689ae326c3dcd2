"""The model that ships with the product is the active one."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_default(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("memories", "EmbeddingModel").objects.get_or_create(
        id=1,
        defaults={"name": "all-MiniLM-L6-v2", "provider": "local", "dimension": 384, "state": "active"},
    )


class Migration(migrations.Migration):
    dependencies = [("memories", "0001_initial")]

    operations = [
        migrations.RunPython(add_default, migrations.RunPython.noop),
        migrations.RunSQL(
            "SELECT setval(pg_get_serial_sequence('memories_embeddingmodel', 'id'), 1)",
            migrations.RunSQL.noop,
        ),
    ]
