"""Indexes that select the rows of a narrow filter, so that their vectors can be compared exactly.

Ids of personas, conversations and tags belong to one owner each and stand alone: PostgreSQL combines two indexes in a
BitmapAnd only when they share no condition, so that 'this persona, last spring' is both looked up. A btree stores a
repeated key once, so an index takes about 10 bytes a row. Tags are looked up while rows are captured: without the
pending list, which every lookup would read through.
"""

from django.db import migrations

INDEXES = {
    "searchentry_persona": "(persona_id) WHERE persona_id IS NOT NULL",
    "searchentry_conversation": "(conversation_id) WHERE conversation_id IS NOT NULL",
    "searchentry_tags": "USING gin (tag_ids) WITH (fastupdate = off)",
    "searchentry_facets": "(owner_id, embedding_model_id, kind, source, role, state)",
    "searchentry_pinned": "(owner_id, embedding_model_id) WHERE pinned",
}


class Migration(migrations.Migration):
    dependencies = [("memories", "0002_default_embedding_model")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON memories_searchentry {definition}", f"DROP INDEX {name}")
        for name, definition in INDEXES.items()
    ]
