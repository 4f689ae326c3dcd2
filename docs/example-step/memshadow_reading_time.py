"""An example of a step from another package: how many words a memory has, and how long it takes to read."""

from __future__ import annotations

from collections.abc import Sequence

from enrichment.protocol import Cost, Outcome, Step, StepInput

WORDS_A_MINUTE = 230


class ReadingTime(Step):
    """The result is `words` and `minutes`."""

    name = "reading-time"
    label = "Reading time"
    version = 1
    cost = Cost.CHEAP

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """One outcome for each memory, in order."""
        return [self._read(memory.text) for memory in batch]

    def _read(self, text: str) -> Outcome:
        words = len(text.split())
        return Outcome({"words": words, "minutes": round(words / WORDS_A_MINUTE, 1)})
