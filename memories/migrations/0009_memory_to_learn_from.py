from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("memories", "0008_feedback")]
    operations = [
        AddIndexConcurrently(
            model_name="memory",
            index=models.Index(
                condition=models.Q(
                    ("index_state", "done"),
                    models.Q(("learnt_at", None), ("learnt_at__lt", models.F("indexed_at")), _connector="OR"),
                ),
                fields=["indexed_at"],
                name="memory_to_learn_from",
            ),
        ),
    ]
