"""The index of sealed memories, built while memories are captured."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("memories", "0023_sealed"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(condition=models.Q(("is_sealed", True)), fields=["owner"], name="memory_sealed"),
        ),
    ]
