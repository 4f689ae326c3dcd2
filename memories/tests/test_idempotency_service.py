"""Idempotent capture: repeated, concurrent, expired."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from accounts.flows.creating import create_account
from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import IdempotencyRecord, Memory
from memories.services.idempotency import Outcome, capture_once, prune_idempotency_records
from memories.services.lifecycle import delete_memory, empty_trash
from memories.services.revising import By
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict

DRAFTS = [MemoryDraft(content="one"), MemoryDraft(content="two")]


def test_a_repetition_returns_the_first_outcome(owner: User) -> None:
    first = capture_once(owner=owner, drafts=DRAFTS, key="k")
    assert capture_once(owner=owner, drafts=DRAFTS, key="k") == first
    assert [outcome.created for outcome in first] == [True, True]
    assert set(Memory.objects.values_list("sightings", flat=True)) == {1}


def test_keys_belong_to_their_owner(owner: User, other: User) -> None:
    capture_once(owner=owner, drafts=DRAFTS, key="k")
    theirs = capture_once(owner=other, drafts=[MemoryDraft(content="else")], key="k")
    assert theirs[0].created


def test_another_request_with_the_key_is_refused(owner: User) -> None:
    capture_once(owner=owner, drafts=DRAFTS, key="k")
    with pytest.raises(Conflict, match="new key"):
        capture_once(owner=owner, drafts=DRAFTS[:1], key="k")


def test_a_record_reveals_neither_key_nor_text(owner: User, other: User) -> None:
    capture_once(owner=owner, drafts=DRAFTS, key="k")
    capture_once(owner=other, drafts=DRAFTS, key="k")
    mine, theirs = IdempotencyRecord.objects.order_by("owner__email")
    assert bytes(mine.key_hash) != bytes(theirs.key_hash)
    assert bytes(mine.request_hash) != bytes(theirs.request_hash)


def test_what_was_erased_since_is_not_claimed_to_exist(owner: User) -> None:
    (outcome,) = capture_once(owner=owner, drafts=DRAFTS[:1], key="k")
    delete_memory(owner=owner, memory_id=outcome.id, by=By(owner))
    empty_trash(owner=owner, by=owner)
    with pytest.raises(Conflict, match="erased"):
        capture_once(owner=owner, drafts=DRAFTS[:1], key="k")


def test_records_live_24_hours(owner: User) -> None:
    capture_once(owner=owner, drafts=DRAFTS, key="old")
    capture_once(owner=owner, drafts=DRAFTS, key="young")
    aged = IdempotencyRecord.objects.order_by("created_at").first()
    assert aged is not None
    IdempotencyRecord.objects.filter(pk=aged.pk).update(created_at=now() - timedelta(hours=25))
    again = capture_once(owner=owner, drafts=DRAFTS[:1], key="old")
    assert not again[0].created
    assert prune_idempotency_records() == 0
    IdempotencyRecord.objects.update(created_at=now() - timedelta(hours=24))
    assert prune_idempotency_records() == 2
    assert IdempotencyRecord.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_the_same_outcome() -> None:
    owner = create_account(email="alice@example.org", password=None)
    start = threading.Barrier(4)
    outcomes: list[list[Outcome]] = []

    def capture() -> None:
        try:
            start.wait(timeout=30)
            outcomes.append(capture_once(owner=owner, drafts=DRAFTS, key="k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=capture) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == 4
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert list(Memory.objects.values_list("sightings", flat=True)) == [1, 1]
