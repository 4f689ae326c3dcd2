"""Indexing shares the workers with other work."""

from __future__ import annotations

import pytest
from django.conf import settings
from django_q.models import OrmQ

from accounts.models import User
from memories import indexing
from memories.drafts import MemoryDraft
from memories.models import IndexState, Memory
from memories.services.capture import capture_memories, capture_memory
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.jobs import wake

IMPORT = "memories.tasks.run_imports"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_lets_an_import_pass(owner: User) -> None:
    batch = settings.INDEX_BATCH_MEMORIES
    capture_memories(owner=owner, drafts=[MemoryDraft(content=f"Note {n}.") for n in range(batch + 10)])
    OrmQ.objects.all().delete()
    wake(IMPORT)
    assert indexing.index_pending(for_s=600) == batch
    assert {item.task["func"] for item in OrmQ.objects.all()} == {IMPORT, indexing.TASK}, "it goes on later"
    OrmQ.objects.filter(id=min(OrmQ.objects.values_list("id", flat=True))).delete()
    assert indexing.index_pending(for_s=600) == 10
    assert not Memory.objects.exclude(index_state=IndexState.DONE).exists()


@pytest.mark.django_db(transaction=True)
def test_what_a_person_writes_does_not_wait_for_an_archive(owner: User) -> None:
    drafts = [MemoryDraft(content=f"An old message, number {n}.") for n in range(3)]
    archive = [captured.memory for captured in capture_memories(owner=owner, drafts=drafts, from_archive=True)]
    mine = capture_memory(owner=owner, draft=MemoryDraft(content="My daughter is allergic to hazelnuts.")).memory
    assert indexing.index_pending(for_s=0) == 1, "nor for a batch with others"
    assert set(Memory.objects.filter(index_state=IndexState.DONE)) == {mine}
    edit_memory(owner=owner, memory_id=archive[2].id, change=Change(content="Edited."), by=By(owner))
    assert indexing.index_pending(for_s=0) == 1
    assert set(Memory.objects.filter(index_state=IndexState.DONE)) == {mine, archive[2]}
