"""How many 'when' questions are answered by the dates that the step of entities reads in the memory found first.

`python -m benchmarks.dates TURNS QUERIES [--run RUN.json]`: files in the shape of shared/bench; the run is that of
`python -m benchmarks.retrieval --out`. Without a run the first evidence turn stands for the memory found first, so that
retrieval has no part in it. A date answers when it lies within the answer's days, or holds them and is no longer than a
week more. Beside it: the day on which the memory was written, which is all that is known without the step.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.conversations import moment, read_lines
from benchmarks.instance import data_folder

SPARE = timedelta(days=7)
DAY = timedelta(days=1)
Span = tuple[datetime, datetime]


def answer_spans(query: Mapping[str, Any], at: datetime) -> list[Span]:
    """The days that the answer names; empty for a question that is answered otherwise."""
    from memories.questions import time_spans

    if not str(query["question"]).lower().startswith("when"):
        return []
    spans = [(span.start, span.end) for span in time_spans(str(query["answer"]), at, "en")]
    return [(start, end) for start, end in spans if start.year > 1 and end.year < 9999]


def read_spans(turn: Mapping[str, Any], at: datetime) -> list[Span]:
    """The dates that the step reads in a turn."""
    from enrichment.entities.finding import find_entities

    found = find_entities(turn["text"], language="en", occurred_at=at, names=False)
    return [(one.starts_at, one.ends_at) for one in found if one.starts_at and one.ends_at]


def written_day(at: datetime) -> list[Span]:
    """The day on which a turn was written."""
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return [(start, start + DAY)]


def answers(found: Iterable[Span], wanted: Sequence[Span]) -> bool:
    """Whether a date lies within the answer's days, or holds them and little more."""
    return any(
        (start <= first and last <= end) or (first <= start and end <= last and last - first <= end - start + SPARE)
        for first, last in found
        for start, end in wanted
    )


def first_turn(query: Mapping[str, Any], run: Mapping[str, Sequence[str]] | None) -> str | None:
    """The turn that was found first, or the first that is evidence."""
    ranked = run.get(str(query["query_id"]), ()) if run is not None else query["evidence_turn_ids"]
    return str(ranked[0]) if ranked else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("turns", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    run = json.loads(options.run.read_text()) if options.run else None
    with data_folder():
        import django

        django.setup()
        turns = {turn["turn_id"]: turn for turn in read_lines(options.turns)}
        asked = without = with_step = 0
        for query in read_lines(options.queries):
            turn = turns.get(first_turn(query, run) or "")
            at = (moment(turn["timestamp"]) if turn else None) or datetime.now(UTC)
            wanted = answer_spans(query, at)
            if not wanted:
                continue
            asked += 1
            written = written_day(at) if turn else []
            without += answers(written, wanted)
            with_step += answers([*written, *(read_spans(turn, at) if turn else [])], wanted)
        print(
            f"{asked} questions; by the day of writing {without / asked:.3f}; with dates read {with_step / asked:.3f}"
        )


if __name__ == "__main__":
    main()
