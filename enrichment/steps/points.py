"""Points: what each English memory says was decided, and who has to do what until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from enrichment.points import LANGUAGES, DateFound, Point, Written
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.services.recording_points import record_points
from memories.models import Kind, MemoryRole

NAME: Final = "points"
# What a model said binds nobody.
_SILENT: Final = frozenset([MemoryRole.ASSISTANT, MemoryRole.SYSTEM, MemoryRole.TOOL])


class PointsStep(Step):
    """The result is `points`: kind, start, end, words, task, who, due_on …; the rows that people mark are Point's."""

    name = NAME
    label = "Decisions and action items"
    version = 1
    cost = Cost.LIGHT
    inputs = ("entities",)
    languages = LANGUAGES

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """The parses are those that the step of entities made, where they are still kept."""
        from enrichment.points import find_points

        outcomes = []
        for one in batch:
            found = [] if one.role in _SILENT else find_points(_written(one), one.language)
            outcomes.append(Outcome({"points": [_as_json(point, one.text) for point in found]} if found else {}))
        return outcomes

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """Points as rows; what a person said of one stays with it."""
        found = {one.memory_id: list(result.get("points", ())) for one, result in done}
        record_points(owner_id=done[0][0].owner_id, found=found)


def _written(one: StepInput) -> Written:
    dates = [
        DateFound(
            found["start"],
            found["end"],
            datetime.fromisoformat(found["starts_at"]),
            datetime.fromisoformat(found["ends_at"]),
        )
        for found in one.results.get("entities", {}).get("found", ())
        if found["kind"] == "date" and "starts_at" in found
    ]
    is_note = one.kind != Kind.TURN and not one.role
    return Written(one.text, one.occurred_at, dates, is_chat_with_model=bool(one.role), is_note=is_note)


def _as_json(point: Point, text: str) -> dict[str, Any]:
    return {
        "kind": str(point.kind),
        "start": point.start,
        "end": point.end,
        "words": text[point.start : point.end],
        "task": point.task,
        "who": point.who,
        "who_start": point.who_start,
        "who_end": point.who_end,
        "due_on": point.due_on.isoformat() if point.due_on else None,
        "due_words": point.due_words,
        "is_done": point.is_done,
    }


STEP = PointsStep()
