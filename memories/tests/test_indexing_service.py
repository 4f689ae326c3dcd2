"""Indexing shares the workers with other work."""

from __future__ import annotations

import pytest
from django.conf import settings
from django_q.models import OrmQ

from accounts.models import User
from memories import indexing
from memories.drafts import MemoryDraft
from memories.models import IndexState, Memory
from memories.services.capture import capture_memories
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
