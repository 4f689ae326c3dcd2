"""How many memories a second each step of enrichment reads, beside its bare library on the same texts.

`python -m benchmarks.enrichment TURNS [TURNS …] [--memories 2000]`: files of turns in the shape of shared/bench. A
database of its own; one worker. `alone` is the step's own code on the texts in memory; `stored` is the whole way:
claimed from the database, opened, read, sealed and stored. The bare library of entities is the spaCy pipeline.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.conversations import read_lines
from benchmarks.instance import data_folder


def main() -> None:
    """Print a table: a row for each step, and one for all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("turns", nargs="+", type=Path)
    parser.add_argument("--memories", type=int, default=2000)
    arguments = parser.parse_args()
    texts = [line["text"] for path in arguments.turns for line in read_lines(path) if line["text"].strip()]
    with data_folder() as folder:
        from memshadow.embedded_postgres import ensure_running

        handle = ensure_running(folder)
        try:
            _measure(list(dict.fromkeys(texts))[: arguments.memories])
        finally:
            handle.kill()


def _measure(texts: list[str]) -> None:
    import django

    django.setup()
    from enrichment.registry import steps

    _store(texts)
    _warm_up()
    print("| step | bare library /s | alone /s | stored /s | stored ÷ bare |\n|---|---|---|---|---|")
    for name in steps():
        _row(name, texts)
    seconds = _stored_seconds(list(steps()))
    print(f"| all | | | {len(texts) / seconds:.0f} | |")


def _store(texts: Sequence[str]) -> None:
    from django.core.management import call_command

    from accounts.flows.creating import create_account
    from memories.drafts import MemoryDraft
    from memories.services.capture import capture_memory

    call_command("migrate", interactive=False, verbosity=0)
    owner = create_account(email="bench@example.org", password="correct horse battery", role="owner")  # noqa: S106
    for text in texts:
        capture_memory(owner=owner, draft=MemoryDraft(content=text))


def _warm_up() -> None:
    """Libraries and models are loaded before anything is measured."""
    from enrichment.registry import steps

    _english()
    for step in steps().values():
        step.run([_input("A warm day in Berlin with Anna.", "en")])


def _row(name: str, texts: Sequence[str]) -> None:
    count = len(texts)
    bare = count / _seconds(lambda: BARE[name](texts)) if name in BARE else None
    alone = count / _seconds(lambda: _alone(name, texts))
    stored = count / _stored_seconds([name])
    figures = (f"{bare:.0f}", f"{stored / bare:.2f}") if bare else ("", "")
    print(f"| {name} | {figures[0]} | {alone:.0f} | {stored:.0f} | {figures[1]} |", flush=True)


def _alone(name: str, texts: Sequence[str]) -> None:
    from enrichment.registry import step_named
    from enrichment.services.running import BATCH
    from memories.models import Memory

    _forget_parses()
    step = step_named(name)
    languages = dict(zip(texts, Memory.objects.order_by("id").values_list("language", flat=True), strict=True))
    inputs = [_input(text, languages[text]) for text in texts]
    size = BATCH[step.cost]
    for start in range(0, len(inputs), size):
        step.run(inputs[start : start + size])


def _stored_seconds(names: Sequence[str]) -> float:
    """Read everything with these steps, the way that a worker does."""
    from accounts.models import User
    from enrichment.models import Enrichment
    from enrichment.services.requesting import request_enrichment
    from enrichment.services.running import run_due
    from memories.filters import MemoryFilter

    _forget_parses()
    Enrichment.objects.all().delete()
    request_enrichment(owner=User.objects.get(), wanted=MemoryFilter(), step_names=names)
    return _seconds(run_due)


def _forget_parses() -> None:
    """A text that was parsed by the measurement before would cost nothing."""
    from enrichment import language

    language._recent.clear()


def _input(text: str, language: str) -> Any:
    from accounts.models import User
    from enrichment.protocol import StepInput
    from memshadow.lib.ids import new_id

    owner_id = User.objects.values_list("id", flat=True).get()
    return StepInput(new_id(), owner_id, text, "note", "", "", language, datetime.now(tz=UTC))


def _spacy(texts: Sequence[str]) -> None:
    for _ in _english().pipe(texts, batch_size=64):
        pass


@lru_cache(maxsize=1)
def _english() -> Any:
    import spacy
    from django.conf import settings

    return spacy.load(settings.SPACY_PIPELINES["en"])


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


BARE: dict[str, Callable[[Sequence[str]], None]] = {"entities": _spacy}


if __name__ == "__main__":
    main()
