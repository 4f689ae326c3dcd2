"""The model that ships with the product says of itself what every model now does."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CONFIG = {"model": "all-MiniLM-L6-v2", "max_tokens": 254, "precision": "int8"}


def describe_default(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("memories", "EmbeddingModel").objects.filter(provider="local", config={}).update(config=CONFIG)


class Migration(migrations.Migration):
    dependencies = [("memories", "0016_generations")]

    operations = [migrations.RunPython(describe_default, migrations.RunPython.noop)]
