"""Imports end to end below the pages: counts, repeats, newer archives, cancel, crash and resume, dry run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.models import Conversation, ImportJob, Memory, MemoryRevision
from memories.services import import_running
from memories.services.capture import capture_memory
from memories.services.importing import (
    cancel_import,
    delete_import,
    prune_uploads,
    resume_import,
    start_import,
    upload_path,
)
from memories.services.revising import By, Change, edit_memory
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError, NotFound, PermissionRefused, TooLarge

pytestmark = pytest.mark.django_db
State = ImportJob.State


@pytest.fixture(autouse=True)
def uploads(settings: LazySettings, tmp_path: Path) -> Path:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


def chat(number: int, *texts: str) -> dict[str, Any]:
    """A ChatGPT conversation in which user and assistant take turns."""
    mapping: dict[str, Any] = {"root": {"id": "root", "parent": None, "children": [], "message": None}}
    parent = "root"
    for place, text in enumerate(texts):
        node = f"n{number}-{place}"
        mapping[node] = {
            "id": node,
            "parent": parent,
            "children": [],
            "message": {
                "id": node,
                "author": {"role": ("user", "assistant")[place % 2]},
                "create_time": 1_700_000_000.0 + number * 1000 + place,
                "content": {"content_type": "text", "parts": [text]},
            },
        }
        parent = node
    return {
        "id": f"c{number}",
        "title": f"Chat {number}",
        "create_time": 1_700_000_000.0 + number * 1000,
        "current_node": parent,
        "mapping": mapping,
    }


def archive(*chats: dict[str, Any]) -> bytes:
    return json.dumps(list(chats)).encode()


def upload(owner: User, data: bytes, **options: Any) -> ImportJob:
    return start_import(owner=owner, chunks=iter([data]), filename="conversations.json", **options)


def run(job: ImportJob) -> ImportJob:
    while import_running.run_next_import():
        pass
    job.refresh_from_db()
    return job


def test_an_archive_becomes_conversations_in_order(owner: User) -> None:
    job = run(upload(owner, archive(chat(1, "Hello", "Hi, how can I help?", "Name a bird."), chat(2, "Bye"))))
    assert (job.state, job.imported, job.conversations, job.failed) == (State.DONE, 4, 2, 0)
    first = Conversation.objects.get(owner=owner, started_at__lt="2023-11-14T22:31:00Z")
    turns = Memory.objects.filter(conversation=first).order_by("occurred_at", "id")
    assert [(m.role, m.content) for m in turns] == [
        ("user", "Hello"),
        ("assistant", "Hi, how can I help?"),
        ("user", "Name a bird."),
    ]
    assert first.title == "Chat 1"
    assert {m.source for m in turns} == {"import:chatgpt"}
    assert not upload_path(job).exists()


def test_the_same_archive_twice_adds_nothing(owner: User) -> None:
    data = archive(chat(1, "Hello", "Hi"))
    run(upload(owner, data))
    again = run(upload(owner, data))
    assert (again.state, again.imported, again.duplicates) == (State.DONE, 0, 2)
    assert Memory.objects.count() == 2


def test_a_newer_archive_adds_and_updates_but_respects_a_persons_edit(owner: User) -> None:
    run(upload(owner, archive(chat(1, "Hello", "Hi", "One"))))
    edited = next(m for m in Memory.objects.all() if m.content == "One")
    edit_memory(owner=owner, memory_id=edited.id, change=Change(content="Mine"), by=By(owner, via="dashboard"))
    newer = run(upload(owner, archive(chat(1, "Hello", "Hi, regenerated", "One", "Two"))))
    assert (newer.imported, newer.updated, newer.duplicates) == (1, 1, 2)
    assert sorted(m.content for m in Memory.objects.all()) == ["Hello", "Hi, regenerated", "Mine", "Two"]
    revision = MemoryRevision.objects.get(via="import:chatgpt")
    assert revision.snapshot["content"] == "Hi"


def test_one_bad_conversation_fails_alone(owner: User) -> None:
    broken = chat(2, "lost")
    broken["mapping"]["n2-0"]["parent"] = "n2-0"
    job = run(upload(owner, archive(chat(1, "Hello"), broken, chat(3, "Bye"))))
    assert (job.state, job.imported) == (State.DONE, 3)
    unreadable = archive(chat(4, "Fine"))[:-1] + b', {"id": "c5", "mapping": {"x": '
    cut = run(upload(owner, unreadable))
    assert (cut.state, cut.imported, cut.failed) == (State.DONE, 1, 1)
    assert cut.report["failures"][0]["error"]


def test_a_dry_run_counts_and_stores_nothing(owner: User) -> None:
    run(upload(owner, archive(chat(1, "Hello"))))
    job = run(upload(owner, archive(chat(1, "Hello", "Hi"), chat(2, "New")), dry_run=True))
    assert (job.state, job.imported, job.duplicates) == (State.DONE, 2, 1)
    assert Memory.objects.count() == 1 and Conversation.objects.count() == 1
    resume_import(owner=owner, job_id=job.id)
    real = run(job)
    assert (real.state, real.imported, real.duplicates, real.dry_run) == (State.DONE, 2, 1, False)
    assert Memory.objects.count() == 3 and not upload_path(job).exists()


def test_an_unknown_file_is_refused_and_not_kept(owner: User, uploads: Path) -> None:
    with pytest.raises(MemshadowError):
        start_import(owner=owner, chunks=iter([b"\x00\x01\x02\x03" * 100]), filename="x.bin")
    assert not ImportJob.objects.exists()
    assert list(uploads.iterdir()) == []


def test_a_file_over_the_limit_is_refused_and_not_kept(owner: User, settings: LazySettings, uploads: Path) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    with pytest.raises(TooLarge):
        start_import(owner=owner, chunks=iter([b"x" * 600] * 2), filename="notes.txt")
    assert list(uploads.iterdir()) == []


def test_a_broken_upload_leaves_nothing(owner: User, uploads: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"[" * 100
        raise ConnectionResetError

    with pytest.raises(MemshadowError):
        start_import(owner=owner, chunks=chunks(), filename="x.json")
    assert list(uploads.iterdir()) == [] and not ImportJob.objects.exists()


def test_the_stored_file_is_encrypted(owner: User) -> None:
    job = upload(owner, archive(chat(1, "The secret is xylophone")))
    assert b"xylophone" not in upload_path(job).read_bytes()
    assert upload_path(job).stat().st_mode & 0o777 == 0o600


class Killed(BaseException):
    """Stands for kill -9: nothing in the product catches it."""


@pytest.mark.parametrize("after", [1, 3])
def test_a_runner_that_dies_is_followed_by_one_that_goes_on(
    owner: User, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(import_running, "_BATCH_ITEMS", 2)
    job = upload(owner, archive(*(chat(n, f"Question {n}", f"Answer {n}") for n in range(10))))
    commit, calls = import_running._commit, 0

    def dying(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise Killed
        commit(*args)

    monkeypatch.setattr(import_running, "_commit", dying)
    with pytest.raises(Killed):
        import_running.run_next_import()
    monkeypatch.setattr(import_running, "_commit", commit)
    job.refresh_from_db()
    assert (job.state, job.cursor) == (State.RUNNING, 2 * after)
    assert Memory.objects.count() == 4 * after
    assert not import_running.run_next_import()
    ImportJob.objects.update(lease_until=now() - timedelta(seconds=1))
    job = run(job)
    assert (job.state, job.imported, job.duplicates, job.attempts) == (State.DONE, 20, 0, 2)
    assert Memory.objects.count() == 20


def test_a_cancelled_import_keeps_what_it_has_and_resumes(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_running, "_BATCH_ITEMS", 2)
    job = upload(owner, archive(*(chat(n, f"Question {n}") for n in range(8))))
    commit, calls = import_running._commit, 0

    def cancelling(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            cancel_import(owner=owner, job_id=job.id)
        commit(*args)

    monkeypatch.setattr(import_running, "_commit", cancelling)
    job = run(job)
    assert (job.state, job.imported) == (State.CANCELLED, 4)
    monkeypatch.setattr(import_running, "_commit", commit)
    resume_import(owner=owner, job_id=job.id)
    job = run(job)
    assert (job.state, job.imported, job.duplicates) == (State.DONE, 8, 0)


def test_an_import_that_dies_again_and_again_ends_as_failed(owner: User) -> None:
    job = upload(owner, archive(chat(1, "Hello")))
    ImportJob.objects.update(
        state=State.RUNNING, attempts=import_running.ATTEMPTS_MAX, lease_until=now() - timedelta(seconds=1)
    )
    job = run(job)
    assert job.state == State.FAILED and job.error
    resume_import(owner=owner, job_id=job.id)
    assert run(job).state == State.DONE


def test_nobody_else_touches_an_import(owner: User, other: User, viewer: User) -> None:
    job = upload(owner, archive(chat(1, "Hello")))
    for verb in (cancel_import, resume_import, delete_import):
        with pytest.raises(NotFound):
            verb(owner=other, job_id=job.id)
    with pytest.raises(PermissionRefused):
        upload(viewer, archive(chat(1, "Hello")))
    with pytest.raises(Conflict):
        delete_import(owner=owner, job_id=job.id)
    job = run(job)
    with pytest.raises(Conflict):
        cancel_import(owner=owner, job_id=job.id)
    with pytest.raises(Conflict):
        resume_import(owner=owner, job_id=job.id)
    delete_import(owner=owner, job_id=job.id)
    assert not ImportJob.objects.exists() and Memory.objects.count() == 1


def test_old_uploads_are_pruned_and_waiting_ones_kept(owner: User, uploads: Path) -> None:
    import os

    job = upload(owner, archive(chat(1, "Hello")))
    stray = uploads / "stray"
    stray.write_bytes(b"x")
    for path in (stray, upload_path(job)):
        os.utime(path, (0, 0))
    assert prune_uploads() == 1
    assert upload_path(job).exists() and not stray.exists()


def test_a_long_text_is_split_into_a_document_in_parts(owner: User) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 400 for n in range(1000))
    job = run(start_import(owner=owner, chunks=iter([text.encode()]), filename="book.txt"))
    parts = list(Memory.objects.filter(owner=owner).order_by("id"))
    assert job.state == State.DONE and len(parts) > 1
    assert "".join(part.content for part in parts).split() == text.split()
    assert len({part.conversation_id for part in parts}) == 1
    again = run(start_import(owner=owner, chunks=iter([text.encode()]), filename="book.txt"))
    assert (again.imported, again.duplicates) == (0, len(parts))


def test_imported_memories_are_searchable(owner: User, index_all: Callable[[], int]) -> None:
    from memories.retrieval import SearchRequest, search

    capture_memory(owner=owner, draft=MemoryDraft(content="Unrelated."))
    run(upload(owner, archive(chat(1, "My sister's wedding is in Lisbon.", "How lovely!"))))
    assert index_all() == 3
    hits = search(SearchRequest(owner=owner, query="where does my sister marry?")).hits
    assert hits[0].memory.content == "My sister's wedding is in Lisbon."
