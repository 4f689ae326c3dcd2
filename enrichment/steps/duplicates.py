"""Duplicates: which earlier memories say nearly the same as this one."""

from __future__ import annotations

from collections.abc import Sequence

from enrichment.duplicates.likeness import LEAST_WORDS, words_of
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.services.doubling import note_texts


class DuplicatesStep(Step):
    """The result has `words`: how many different words there are, if they are enough to tell."""

    name = "duplicates"
    label = "Duplicates"
    version = 2
    cost = Cost.LIGHT

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """What is compared with what is the owner's other memories, so all of it is done in `record`."""
        counts = [len(words_of(one.text)) for one in batch]
        return [Outcome({"words": count} if count >= LEAST_WORDS else {}) for count in counts]

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """Sketches of the texts, and pairs with those that are alike."""
        note_texts(owner_id=done[0][0].owner_id, texts={one.memory_id: one.text for one, _ in done})


STEP = DuplicatesStep()
