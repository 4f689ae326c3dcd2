"""What ranking reads beside the vector: term counts, cues, token signs, neighbours in time, and words' statistics."""

from typing import Any

import django.utils.timezone
from django.db import migrations, models

SEARCH_ENTRY_SQL: list[Any] = [
    """
    ALTER TABLE memories_searchentry
        ADD COLUMN term_counts bytea NOT NULL DEFAULT ''::bytea,
        ADD COLUMN words integer NOT NULL DEFAULT 0,
        ADD COLUMN chunks smallint NOT NULL DEFAULT 1,
        ADD COLUMN cues smallint NOT NULL DEFAULT 0,
        ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN token_signs bytea
    """,
    # Signs do not compress; kept out of the row, so that what every candidate's row holds stays narrow.
    "ALTER TABLE memories_searchentry ALTER COLUMN token_signs SET STORAGE EXTERNAL",
    """
    CREATE INDEX searchentry_turns ON memories_searchentry
    (owner_id, embedding_model_id, conversation_id, occurred_at, memory_id)
    WHERE conversation_id IS NOT NULL AND chunk = 0
    """,
]
# Everything in the index is derived: indexed again, each memory gets what the new columns hold.
REINDEX = "UPDATE memories_memory SET index_state = 'pending', index_attempts = 0, index_due_at = now()"
EMPTY = "DELETE FROM memories_searchentry"


class Migration(migrations.Migration):
    dependencies = [("memories", "0017_default_model_config")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField("searchentry", "term_counts", models.BinaryField(default=b"")),
                migrations.AddField("searchentry", "words", models.IntegerField(default=0)),
                migrations.AddField("searchentry", "chunks", models.SmallIntegerField(default=1)),
                migrations.AddField("searchentry", "cues", models.SmallIntegerField(default=0)),
                migrations.AddField(
                    "searchentry", "created_at", models.DateTimeField(default=django.utils.timezone.now)
                ),
                migrations.AddField("searchentry", "token_signs", models.BinaryField(null=True)),
            ],
            database_operations=[
                migrations.RunSQL(EMPTY, migrations.RunSQL.noop),
                migrations.RunSQL(SEARCH_ENTRY_SQL, migrations.RunSQL.noop),
                migrations.RunSQL(REINDEX, migrations.RunSQL.noop),
            ],
        ),
        migrations.CreateModel(
            name="Lexeme",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "owner_id",
                        "embedding_model_id",
                        "term",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("owner_id", models.UUIDField()),
                ("embedding_model_id", models.SmallIntegerField()),
                ("term", models.BigIntegerField()),
                ("chunks", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="IndexSize",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "owner_id",
                        "embedding_model_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("owner_id", models.UUIDField()),
                ("embedding_model_id", models.SmallIntegerField()),
                ("chunks", models.BigIntegerField()),
                ("lexemes", models.BigIntegerField()),
            ],
        ),
    ]
