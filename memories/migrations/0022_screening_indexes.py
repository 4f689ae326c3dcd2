"""The indexes of what screening found, built while memories are captured."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("memories", "0021_screening"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(condition=models.Q(("has_secret", True)), fields=["owner"], name="memory_with_secret"),
        ),
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(condition=models.Q(("is_suspicious", True)), fields=["owner"], name="memory_suspicious"),
        ),
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(
                condition=models.Q(("screening_version__lt", 1)), fields=["screening_version"], name="memory_to_screen"
            ),
        ),
    ]
