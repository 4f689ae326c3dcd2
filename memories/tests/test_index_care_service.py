"""The index report and the optimisation: what they find, what they mend, and that they can be stopped and repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.index_report import latest_report, report_index
from memories.index_shape import lengths, repeated_share, silhouette
from memories.index_sizes import PartitionSize
from memories.models import IndexReport, Memory, SearchEntry
from memories.retrieval import SearchRequest, search
from memories.services.capture import capture_memories
from memories.services.index_care import optimise_index

TOPICS = ("bees", "ships", "tax forms", "mountains")


@pytest.fixture
def library(owner: User, index_all: Callable[[], int]) -> User:
    """Forty memories with vectors."""
    drafts = [MemoryDraft(content=f"Note {n} about {topic}.") for n in range(10) for topic in TOPICS]
    capture_memories(owner=owner, drafts=drafts)
    index_all()
    return owner


def test_a_healthy_index(library: User, other: User) -> None:
    report = report_index()
    figures = report.figures
    assert (figures["rows"], figures["without_vector"], figures["orphans"]) == (40, 0, 0)
    assert figures["norms"]["off_share"] == 0
    assert figures["recall_at_10"] == 1.0
    assert figures["sampled"] == 40
    assert latest_report() == report
    assert report_index(other).figures["rows"] == 0
    assert "partitions" not in report_index(library).figures
    assert latest_report(library) != report


def test_a_report_holds_no_text_and_old_ones_go(library: User) -> None:
    for _ in range(32):
        report_index(library)
    assert IndexReport.objects.filter(owner=library).count() == 30
    assert not any(topic in json.dumps(report_index(library).figures) for topic in TOPICS)


def test_faults_are_seen(library: User) -> None:
    first, second, third = Memory.objects.filter(owner=library)[:3]
    entries = SearchEntry.objects.filter(owner_id=library.id)
    entries.filter(memory_id=first.id).update(embedding=None)
    entries.filter(memory_id=second.id).update(memory_id=uuid4())
    entries.filter(memory_id=third.id).update(embedding=[0.5] * 384)
    figures = report_index().figures
    assert (figures["without_vector"], figures["orphans"]) == (1, 1)
    assert figures["norms"]["off_share"] > 0


def test_walks_are_checked_against_exact_answers(library: User, settings: LazySettings) -> None:
    settings.RETRIEVAL_EXACT_ROW_US = 1e9
    figures = report_index().figures
    assert figures["walks_checked"] == 30
    assert figures["recall_at_10"] > 0.95


def test_the_command_prints_it(library: User) -> None:
    out = StringIO()
    call_command("index_report", "--json", stdout=out)
    assert json.loads(out.getvalue())["rows"] == 40
    out = StringIO()
    call_command("index_report", "--owner", library.email, stdout=out)
    assert "without vector: 0" in out.getvalue()
    with pytest.raises(CommandError, match="no account"):
        call_command("index_report", "--owner", "nobody@example.org")


def test_the_quality_page_shows_it_to_whom_it_concerns(
    library: User, other: User, client_for: Callable[[User], Client]
) -> None:
    report_index()
    page = client_for(library).get(reverse("memories:quality")).content.decode()
    assert "every search is exact at this size" in page
    assert "Search index" not in client_for(other).get(reverse("memories:quality")).content.decode()


def test_shape_of_a_sample() -> None:
    random = np.random.default_rng(1)
    centres = np.eye(10, 384, dtype=np.float32)
    tight = centres.repeat(20, axis=0) + 0.01 * random.standard_normal((200, 384)).astype(np.float32)
    loose = random.standard_normal((200, 384)).astype(np.float32)
    tight, loose = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (tight, loose))
    assert (silhouette(random.permutation(tight)) or 0) > 0.6
    assert abs(silhouette(loose) or 0) < 0.1
    assert silhouette(tight[:20]) is None
    alice, bob = uuid4(), uuid4()
    pair = np.stack([loose[0], loose[0]])
    assert repeated_share([alice, alice], pair) == 0.5
    assert repeated_share([alice, bob], pair) == 0.0
    assert lengths(pair * 2)["off_share"] == 1.0


def test_bloat_is_what_exceeds_the_need_of_the_rows() -> None:
    def sized(rows: int, hnsw_bytes: int) -> float:
        return PartitionSize("p", rows, 0, 0, 0, hnsw_bytes, 0, 0).hnsw_bloat(384)

    assert 0.9 < sized(1_000_000, 1_170_309_120) < 1.1  # measured when fresh
    assert sized(100_000, 234_000_000) > 1.8
    assert sized(10, 8192 * 50) == 1.0


@pytest.mark.django_db(transaction=True)
def test_optimising_while_it_serves(library: User, index_all: Callable[[], int]) -> None:
    SearchEntry.objects.filter(memory_id=Memory.objects.filter(owner=library)[0].id).update(memory_id=uuid4())
    said: list[str] = []
    partition = _partition_of(library)
    rebuilt = optimise_index(everything=True, tell=said.append)
    assert rebuilt >= 32
    assert said[0].startswith("1 orphans")
    assert any(partition in line for line in said)
    assert report_index().figures["orphans"] == 0
    assert search(SearchRequest(library, "insects that make honey")).hits[0].memory.content.endswith("bees.")
    assert optimise_index(tell=said.append) == 0


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_run_left_is_dropped(library: User) -> None:
    partition = _partition_of(library)
    left = f"{partition}_embedding_idx_ccnew"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX {left} ON {partition} (memory_id)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [left])
    said: list[str] = []
    optimise_index(tell=said.append)
    assert any(left in line for line in said)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [left])
        assert cursor.fetchone() == (None,)


@pytest.mark.django_db(transaction=True)
def test_one_run_at_a_time(library: User) -> None:
    settings = connection.get_connection_params()
    keys = ("host", "port", "user", "dbname", "password")
    with psycopg.connect(**{key: settings[key] for key in keys if settings.get(key)}, autocommit=True) as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s)", [0x6D736878])
        with pytest.raises(CommandError, match="already"):
            call_command("index_optimise", stdout=StringIO())
        elsewhere.execute("SELECT pg_advisory_unlock(%s)", [0x6D736878])
    call_command("index_optimise", stdout=StringIO())


def _partition_of(owner: User) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM memories_searchentry WHERE owner_id = %s", [owner.id])
        return str(cursor.fetchone()[0])
