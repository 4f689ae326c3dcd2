"""kill -9 of enrichment's workers throughout: every memory is read in the end, and each result is there once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from accounts.master_key import keys as master_keys
from accounts.models import User
from enrichment.models import Enrichment
from enrichment.services.leasing import LEASE
from memories.drafts import MemoryDraft
from memories.models import Memory
from memories.services.capture import capture_memory
from memshadow.embedded_postgres import database_url
from memshadow.lib.clock import now
from tests.faults.conftest import ROOT, until

MEMORIES = 6
STEP = """
import time
from enrichment.protocol import Cost, Outcome, Step

class Slow(Step):
    name, label, cost = "slow", "Slow", Cost.REMOTE

    def run(self, batch):
        time.sleep(0.3)
        return [Outcome({"chars": len(item.text)}) for item in batch]
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts `manage.py enrich` on this test's database, with a slow step of another package."""
    (tmp_path / "slow_step.py").write_text(STEP, encoding="utf-8")
    info = tmp_path / "slow_step-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-step\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[memshadow.steps]\nslow = slow_step:Slow\n", encoding="utf-8")
    given = urlsplit(os.environ.get("DATABASE_URL") or database_url(Path(os.environ["MEMSHADOW_DATA_DIR"])))
    environment = os.environ | {
        "DATABASE_URL": urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}")),
        # The keys that this process seals with; a test before may have left others in the file.
        "MEMSHADOW_MASTER_KEY": ",".join(b64encode(key).decode() for key in master_keys()),
        "PYTHONPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "memshadow.settings",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "enrich"], env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def rows(state: str) -> int:
    """How many of the slow step's are in that state."""
    return Enrichment.objects.filter(step="slow", state=state).count()


def in_the_midst(done: int) -> bool:
    """A worker is at one memory, and has read so many."""
    return rows("done") >= done and rows("running") == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_when_workers_are_killed(owner: User, worker: Callable[[], subprocess.Popen[bytes]]) -> None:
    for n in range(MEMORIES):
        memory = capture_memory(owner=owner, draft=MemoryDraft(content="x" * (n + 1))).memory
        Enrichment.objects.create(owner=owner, memory=memory, step="slow")
    for killed in (1, 2):
        process = worker()
        until(partial(in_the_midst, killed), "the worker is in the midst", timeout_s=60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert rows("running") == 1 and rows("done") < MEMORIES
        assert Enrichment.objects.filter(state="running", lease_until__lte=now() + LEASE).exists()
        Enrichment.objects.filter(state="running").update(lease_until=now() - timedelta(seconds=1))
    assert worker().wait(timeout=60) == 0
    assert (
        rows("done") == MEMORIES == Memory.objects.count()
        and Enrichment.objects.filter(step="slow").count() == MEMORIES
    )
    results = sorted(row.result["chars"] for row in Enrichment.objects.filter(step="slow"))
    assert results == list(range(1, MEMORIES + 1))
