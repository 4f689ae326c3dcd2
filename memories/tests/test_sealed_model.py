"""Encryption at rest: what is stored is unreadable, bound to its row and owner, and gone with the keys."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts import keys, master_key
from accounts.models import DataKey, User
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memshadow.lib import crypto
from memshadow.lib.errors import NotFound

pytestmark = pytest.mark.django_db
SECRET = "The xylophone is hidden behind the wardrobe"


def stored(owner: User) -> Memory:
    draft = MemoryDraft(
        content=SECRET, author="Zebedee", external_id="ext-quokka", tags=("platypus",), metadata={"k": "axolotl"}
    )
    return capture_memory(owner=owner, draft=draft).memory


def test_no_plain_text_reaches_the_database(owner: User) -> None:
    stored(owner)
    dump = ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text, encode(t::text::bytea, 'escape') FROM \"{table}\" t")  # noqa: S608
            dump += str(cursor.fetchall())
        cursor.execute("SELECT encode(content_sealed, 'escape') FROM memories_memory")
        dump += str(cursor.fetchall())
    for word in ("xylophone", "xylophon", "wardrobe", "Zebedee", "zebede", "quokka", "platypus", "axolotl"):
        assert word not in dump
    assert owner.email in dump


def test_plain_values_come_back(owner: User) -> None:
    memory = Memory.objects.get(id=stored(owner).id)
    assert (memory.content, memory.author, memory.external_id) == (SECRET, "Zebedee", "ext-quokka")
    assert memory.metadata == {"k": "axolotl"}
    assert [tag.name for tag in memory.tags.all()] == ["platypus"]


def test_a_ciphertext_moved_to_another_row_or_column_does_not_open(owner: User) -> None:
    first = stored(owner)
    second = capture_memory(owner=owner, draft=MemoryDraft(content="another")).memory
    Memory.objects.filter(id=second.id).update(content_sealed=first.content_sealed, author_sealed=first.content_sealed)
    moved = Memory.objects.get(id=second.id)
    with pytest.raises(crypto.SealBroken):
        _ = moved.content
    with pytest.raises(crypto.SealBroken):
        _ = moved.author


def test_a_ciphertext_moved_to_another_owner_does_not_open(owner: User, other: User) -> None:
    memory = stored(owner)
    Memory.objects.filter(id=memory.id).update(owner=other)
    with pytest.raises(crypto.SealBroken):
        _ = Memory.objects.get(id=memory.id).content


def test_an_altered_ciphertext_does_not_open(owner: User) -> None:
    memory = stored(owner)
    altered = bytearray(memory.content_sealed)
    altered[-1] ^= 1
    Memory.objects.filter(id=memory.id).update(content_sealed=bytes(altered))
    with pytest.raises(crypto.SealBroken):
        _ = Memory.objects.get(id=memory.id).content


def test_the_same_text_is_sealed_differently_each_time(owner: User, other: User) -> None:
    a, b = stored(owner), stored(other)
    assert a.content_sealed != b.content_sealed
    assert a.fingerprint != b.fingerprint


def test_without_the_data_keys_nothing_opens(owner: User) -> None:
    memory = stored(owner)
    DataKey.objects.filter(owner=owner).delete()
    keys.forget(owner.id)
    with pytest.raises(NotFound):
        _ = Memory.objects.get(id=memory.id).content


def test_another_master_key_opens_no_data_key(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.forget(owner.id)
    monkeypatch.setattr(master_key, "keys", lambda **_: (crypto.random_key(),))
    with pytest.raises(crypto.SealBroken):
        keys.keyring(owner.id)
    keys.forget(owner.id)


def test_keyrings_do_not_show_their_keys(owner: User) -> None:
    ring = keys.keyring(owner.id)
    assert ring.index_key.hex() not in repr(ring) and str(ring.index_key) not in repr(ring)
