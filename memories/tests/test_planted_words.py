"""Words planted in everything that a person can write are found in no table and in no file of the data folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from memories.drafts import ConversationRef, MemoryDraft
from memories.exporters import personal_data
from memories.models import ImportJob, Retrieval
from memories.retrieval import SearchRequest, search
from memories.services.capture import capture_memory
from memories.services.feedback import log_retrieval
from memories.services.import_running import run_next_import
from memories.services.importing import start_import
from memories.services.revising import By, Change, edit_memory
from memories.services.saved_searches import save_search
from personas.services import create_persona

# Each is found nowhere else; the first is plain on purpose (docs/privacy.md), so that the search is known to find.
PLAIN = "visible-zanzibar"
HIDDEN = (
    "quokkacontent", "wombattitle", "platypustag", "axolotlmeta", "narwhalauthor", "okapiexternal", "pangolinquestion",
    "tapirfile", "lemurupload", "dugongpersona", "kakaposaved", "numbatrevision", "bilbyabout", "ghp_" + "Zz9Qq8" * 6,
)  # fmt: skip


def plant(owner: User, index_all: Callable[[], int]) -> None:
    persona = create_persona(owner=owner, name="dugongpersona", description="bilbyabout")
    draft = MemoryDraft(
        content=f"numbatrevision and {HIDDEN[-1]}",
        kind="turn",
        author="narwhalauthor",
        source=PLAIN,
        external_id="okapiexternal",
        tags=("platypustag",),
        metadata={"axolotlmeta": "axolotlmeta"},
        persona_id=persona.id,
        conversation=ConversationRef(external_id="okapiexternal", title="wombattitle"),
    )
    memory = capture_memory(owner=owner, draft=draft).memory
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="quokkacontent"), by=By(owner))
    start_import(owner=owner, filename="tapirfile.txt", chunks=iter([b"lemurupload, already imported"]))
    assert run_next_import()
    start_import(owner=owner, filename="tapirfile.txt", chunks=iter([b"lemurupload " * 30_000]))  # waits
    index_all()
    request = SearchRequest(owner=owner, query="pangolinquestion quokkacontent")
    log_retrieval(owner=owner, request=request, result=search(request), via="api")
    save_search(owner=owner, name="kakaposaved", query="pangolinquestion")
    assert b"".join(personal_data(owner).chunks)


def dump() -> str:
    """Every row of every table as COPY would write it, with binary columns as escaped text."""
    with connection.cursor() as cursor:
        cursor.execute("SET bytea_output = 'escape'")
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
        names = [name for (name,) in cursor.fetchall()]
        rows = []
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t')  # noqa: S608
            rows += [row for (row,) in cursor.fetchall()]
        cursor.execute("SET bytea_output = 'hex'")
    return "\n".join(rows)


def files() -> Iterator[tuple[Path, bytes]]:
    """Everything in the data folder: uploads, keys, logs, and PostgreSQL's own files with its journal."""
    for path in Path(settings.DATA_DIR).rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


@pytest.mark.django_db(transaction=True)
def test_planted_words_are_nowhere_in_plain_text(owner: User, index_all: Callable[[], int]) -> None:
    plant(owner, index_all)
    assert Retrieval.objects.exists() and ImportJob.objects.filter(state="queued").exists()
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    rows = dump()
    assert PLAIN in rows and owner.email in rows
    assert [word for word in HIDDEN if word.casefold() in rows.casefold()] == []
    seen, found = False, []
    for path, data in files():
        seen = seen or PLAIN.encode() in data
        found += [(path, word) for word in HIDDEN if word.encode() in data]
    assert found == [] and (seen or "DATABASE_URL" in os.environ)
