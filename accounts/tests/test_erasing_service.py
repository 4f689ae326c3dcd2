"""Erasing an account: in time it is cancelled, then nothing of it is left, whatever writes at that moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts import keys
from accounts.flows.erasing import GRACE, ask_for_erasure, cancel_erasure, erase_due, hand_over
from accounts.models import AccountErasure, AuditEvent, DataKey, Role, User
from accounts.personal_rows import personal_tables, remaining
from memories.drafts import ConversationRef, MemoryDraft
from memories.models import ImportJob, Memory
from memories.services import import_running
from memories.services.capture import capture_memory
from memories.services.feedback import give_feedback
from memories.services.importing import start_import, upload_path
from memories.services.revising import By, Change, edit_memory
from memories.services.saved_searches import save_search
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused
from personas.services import create_persona


def fill(user: User) -> Memory:
    """One of everything that a person can have."""
    draft = MemoryDraft(
        content="about the boat", kind="turn", tags=("boat",), conversation=ConversationRef(external_id="c", title="T")
    )
    memory = capture_memory(owner=user, draft=draft).memory
    edit_memory(owner=user, memory_id=memory.id, change=Change(content="about the ship"), by=By(user))
    give_feedback(owner=user, memory_id=memory.id, verdict="useful")
    save_search(owner=user, name="Boats", query="boat")
    create_persona(owner=user, name="Sailor")
    Client().force_login(user)
    return memory


def make_due() -> None:
    AccountErasure.objects.update(due_at=AccountErasure.objects.get().asked_at - timedelta(seconds=1))


@pytest.mark.django_db
def test_after_the_grace_period_no_row_is_left(other: User, owner: User, index_all: Callable[[], int]) -> None:
    fill(other)
    mine = fill(owner)
    index_all()
    job = start_import(owner=other, filename="notes.txt", chunks=iter([b"a note that waits"]))
    erasure = ask_for_erasure(user=other, by=other)
    assert erase_due() == 0 and erasure.due_at - erasure.asked_at == GRACE
    held = {table.model._meta.label for table in personal_tables() if table.rows(other.id).exists()}
    assert {"memories.SearchEntry", "memories.MemoryRevision", "memories.Tag", "accounts.Session"} <= held
    make_due()
    assert erase_due() == 1 and erase_due() == 0
    assert remaining(other.id) == {} and not upload_path(job).exists()
    assert not User.objects.filter(id=other.id).exists()
    done = AccountErasure.objects.get()
    assert (done.state, done.remaining) == ("done", {}) and done.deleted["memories.memory"] == 1
    event = AuditEvent.objects.get(action="account.erased")
    assert event.object_id == str(other.id) and event.details["rows_remaining"] == 0
    assert event.details["rows_deleted"] == sum(done.deleted.values()) >= 12
    assert Memory.objects.get(id=mine.id).content == "about the ship"
    with pytest.raises(NotFound):
        keys.keyring(other.id)


@pytest.mark.django_db
def test_in_time_it_is_cancelled_and_nothing_happened(other: User) -> None:
    memory = fill(other)
    ask_for_erasure(user=other, by=other)
    with pytest.raises(Conflict, match="already"):
        ask_for_erasure(user=other, by=other)
    cancel_erasure(user=other, by=other)
    AccountErasure.objects.update(due_at=AccountErasure.objects.get().asked_at)
    assert erase_due() == 0 and Memory.objects.get(id=memory.id).content == "about the ship"
    with pytest.raises(NotFound):
        cancel_erasure(user=other, by=other)


@pytest.mark.django_db
def test_killed_after_the_keys_it_goes_on_and_cannot_be_cancelled(other: User, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(other)
    ask_for_erasure(user=other, by=other)
    make_due()
    with monkeypatch.context() as broken:
        broken.setattr("accounts.flows.erasing._delete_rows", lambda _: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            erase_due()
    assert not DataKey.objects.filter(owner=other).exists()  # the keys go first: what is left cannot be read
    with pytest.raises(Conflict, match="begun"):
        cancel_erasure(user=other, by=other)
    assert erase_due() == 1 and remaining(other.id) == {}


@pytest.mark.django_db
def test_the_last_owner_hands_over_first(owner: User, other: User, staff: User) -> None:
    with pytest.raises(Conflict, match="only owner"):
        ask_for_erasure(user=owner, by=owner)
    with pytest.raises(PermissionRefused):
        hand_over(owner=staff, to=staff.id)
    hand_over(owner=owner, to=other.id)
    owner.refresh_from_db()
    assert owner.role == Role.ADMINISTRATOR and User.objects.get(id=other.id).is_owner
    ask_for_erasure(user=owner, by=owner)


@pytest.mark.django_db
def test_who_is_alone_may_go(owner: User) -> None:
    ask_for_erasure(user=owner, by=owner)
    make_due()
    assert erase_due() == 1 and not User.objects.exists()


@pytest.mark.django_db
def test_an_administrator_erases_no_equal(owner: User, staff: User, make_user: Callable[..., User]) -> None:
    equal = make_user("dora@example.org", Role.ADMINISTRATOR)
    with pytest.raises(PermissionRefused, match="Only an owner"):
        ask_for_erasure(user=equal, by=staff)
    assert not AccountErasure.objects.exists()
    ask_for_erasure(user=equal, by=owner)


@pytest.mark.django_db
def test_others_are_erased_by_those_who_manage_the_server(owner: User, other: User, staff: User, viewer: User) -> None:
    with pytest.raises(PermissionRefused):
        ask_for_erasure(user=other, by=viewer)
    with pytest.raises(PermissionRefused, match="Only an owner"):
        ask_for_erasure(user=owner, by=staff)
    ask_for_erasure(user=other, by=staff)
    with pytest.raises(PermissionRefused):
        cancel_erasure(user=other, by=viewer)
    cancel_erasure(user=other, by=staff)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_runs_meanwhile_brings_nothing_back(
    make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is erased between two batches of its import, whose runner still holds the keys."""
    make_user("alice@example.org", Role.OWNER)
    user = make_user("bob@example.org")
    lines = "".join(f'{{"role": "user", "content": "line {n}"}}\n' for n in range(6))
    start_import(owner=user, filename="notes.jsonl", chunks=iter([lines.encode()]))
    monkeypatch.setattr(import_running, "_BATCH_DRAFTS", 1)
    commit, erased = import_running._commit, list[int]()

    def commit_then_erase(job: ImportJob, batch: import_running.Batch) -> None:
        commit(job, batch)
        if not erased:
            ask_for_erasure(user=user, by=user)
            make_due()
            erased.append(erase_due())

    monkeypatch.setattr(import_running, "_commit", commit_then_erase)
    assert import_running.run_next_import()
    assert erased == [1] and remaining(user.id) == {} and not Memory.objects.exists()
