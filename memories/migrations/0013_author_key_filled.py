"""Fills the author keys of memories that were stored before there were any."""

from typing import Any
from uuid import UUID

from django.db import connection, migrations

from accounts.keys import keyring
from memshadow.lib.crypto import keyed_hash

_BATCH = 2000
_STORE = """
UPDATE memories_memory m SET author_key = filled.author_key
FROM unnest(%s::uuid[], %s::bytea[]) AS filled (id, author_key) WHERE m.id = filled.id
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """A batch at a time, each committed on its own: what is filled stays filled if this is stopped."""
    memories = apps.get_model("memories", "Memory").objects
    for owner_id in apps.get_model("accounts", "User").objects.values_list("id", flat=True):
        waiting = memories.filter(owner_id=owner_id, author_key=b"").exclude(author_sealed=b"")
        while rows := list(waiting.values_list("id", "author_sealed")[:_BATCH]):
            keys = [_key(owner_id, memory_id, bytes(sealed)) for memory_id, sealed in rows]
            with connection.cursor() as cursor:
                cursor.execute(_STORE, [[memory_id for memory_id, _ in rows], keys])


def _key(owner_id: UUID, memory_id: UUID, sealed: bytes) -> bytes:
    ring = keyring(owner_id)
    name = ring.unseal(sealed, bound_to=f"memories_memory|author_sealed|{memory_id}|{owner_id}".encode())
    return keyed_hash(ring.name_key, "author", name.decode().casefold())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("memories", "0012_author_key"), ("accounts", "0001_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
