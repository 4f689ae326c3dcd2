"""A keyed hash beside each sealed author, by which the author's memories are found."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("memories", "0011_source_index")]

    operations = [
        migrations.AddField("memory", "author_key", models.BinaryField(default=b"", max_length=32)),
        AddIndexConcurrently(
            "memory",
            models.Index(
                condition=models.Q(("author_key", b""), _negated=True),
                fields=["owner", "author_key"],
                name="memory_by_author",
            ),
        ),
    ]
