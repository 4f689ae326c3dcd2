"""Finding every source of an owner by hopping along an index; built while the table serves."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("memories", "0010_saved_search")]

    operations = [
        AddIndexConcurrently("memory", models.Index(fields=["owner", "source"], name="memory_by_source")),
    ]
