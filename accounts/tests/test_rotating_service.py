"""A new data key: everything is encrypted again while it is used, and the old key goes last."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts import keys
from accounts.flows import rotating
from accounts.models import DataKey, KeyRotation, User
from accounts.sealed import sealed_columns
from memories.drafts import MemoryDraft
from memories.models import ImportJob, Memory, MemoryRevision
from memories.services.capture import capture_memory
from memories.services.importing import open_upload, start_import, upload_path
from memories.services.revising import By, Change, edit_memory
from memshadow.lib import crypto
from memshadow.lib.errors import Conflict
from memshadow.lib.sealed_file import sealed_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    keys.forget()


@pytest.fixture
def memory(owner: User) -> Memory:
    """A memory with a history, a tag and metadata."""
    draft = MemoryDraft(content="the first text", tags=("boat",), author="Zoe", metadata={"k": "v"}, external_id="x")
    made = capture_memory(owner=owner, draft=draft).memory
    return edit_memory(owner=owner, memory_id=made.id, change=Change(content="the second text"), by=By(owner))


def versions(owner: User) -> set[int]:
    """Which versions of the data key this person's rows name."""
    found = set()
    for place in sealed_columns():
        rows = place.model._base_manager.filter(owner_id=owner.id)
        found |= {crypto.sealed_key_version(bytes(v)) for v in rows.values_list(place.column, flat=True) if v}
    return found


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "SETTLE", timedelta(0))
    monkeypatch.setattr(rotating, "_older_transaction", lambda _: False)


def test_every_row_ends_under_the_new_key_and_the_old_one_goes(
    owner: User, other: User, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = capture_memory(owner=other, draft=MemoryDraft(content="somebody else's")).memory
    rotation = rotating.begin_rotation(owner=owner)
    assert versions(owner) == {1} and rotation.rows_total >= 6
    assert rotating.rotate_pending() == rotation.rows_total
    assert versions(owner) == {2} and versions(other) == {1}
    rotating.rotate_pending()
    assert DataKey.objects.filter(owner=owner, purpose="seal").count() == 2  # somebody might still hold the old one
    later(monkeypatch)
    rotating.rotate_pending()
    rotation.refresh_from_db()
    assert rotation.state == "done" and rotation.percent == 100
    assert [key.version for key in DataKey.objects.filter(owner=owner, purpose="seal")] == [2]
    keys.forget()
    again = Memory.objects.get(id=memory.id)
    assert (again.content, again.author, again.metadata) == ("the second text", "Zoe", {"k": "v"})
    assert MemoryRevision.objects.get(memory=memory).snapshot["content"] == "the first text"
    assert Memory.objects.get(id=theirs.id).content == "somebody else's"


def test_a_process_with_the_old_keys_reads_what_is_new_and_what_it_writes_is_not_lost(
    owner: User, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = keys.keyring(owner.id)
    rotating.begin_rotation(owner=owner)
    rotating.rotate_pending()
    later(monkeypatch)
    assert stale.newest == 1
    row = Memory.objects.get(id=memory.id)
    bound_to = f"memories_memory|content_sealed|{row.id}|{owner.id}".encode()
    stale_seal = stale.seal(b"written late under the old key", bound_to=bound_to)
    assert stale.unseal(bytes(row.content_sealed), bound_to=bound_to) == b"the second text"
    Memory.objects.filter(id=memory.id).update(content_sealed=stale_seal)
    rotating.rotate_pending()
    rotating.rotate_pending()
    keys.forget()
    assert Memory.objects.get(id=memory.id).content == "written late under the old key"
    assert versions(owner) == {2}


def test_captures_go_on_meanwhile_and_only_one_rotation_runs(owner: User, memory: Memory) -> None:
    rotating.begin_rotation(owner=owner)
    with pytest.raises(Conflict, match="already"):
        rotating.begin_rotation(owner=owner)
    assert DataKey.objects.filter(owner=owner, purpose="seal").count() == 2
    fresh = capture_memory(owner=owner, draft=MemoryDraft(content="while it runs")).memory
    assert crypto.sealed_key_version(bytes(fresh.content_sealed)) == 2
    twin = capture_memory(owner=owner, draft=MemoryDraft(content="while it runs"))
    assert not twin.created  # fingerprints are keyed by the index key, which stays


def test_a_stopped_rotation_goes_on(owner: User, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    rotation = rotating.begin_rotation(owner=owner)
    assert rotating.rotate_pending(for_s=-1.0) < rotation.rows_total
    assert versions(owner) == {1, 2}
    assert Memory.objects.get(id=memory.id).content == "the second text"
    rotation.refresh_from_db()
    assert 0 < rotation.percent < 100 and rotation.state == "running"
    rotating.rotate_pending()
    assert versions(owner) == {2}
    assert KeyRotation.objects.get().rows_done == rotation.rows_total


def test_files_that_wait_are_encrypted_again(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ("A note about quokkas.\n" * 20_000).encode()  # more than one block
    job = start_import(owner=owner, filename="notes.txt", chunks=iter([text]))
    reading: io.BufferedReader = open_upload(job)
    reading.read(10)
    rotating.begin_rotation(owner=owner)
    rotating.rotate_pending()
    later(monkeypatch)
    rotating.rotate_pending()
    keys.forget()
    assert sealed_version(upload_path(job)) == 2
    assert reading.read() == text[10:]  # whoever had it open reads on
    with open_upload(ImportJob.objects.get(id=job.id)) as plain:
        assert plain.read() == text
