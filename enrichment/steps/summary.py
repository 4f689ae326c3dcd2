"""Summary: the sentences that stand for a memory of more than fifty words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from enrichment.protocol import Cost, Outcome, Step, StepInput
from enrichment.summaries import WORDS_MIN, Said, chosen, how_many, sentences_of, word_count
from memories import generations

NAME: Final = "summary"
# A summary that is not much shorter than its text is none.
_SHARE_MAX: Final = 0.7


class SummaryStep(Step):
    """The result has `sentences`: start, end and words of each, in order; it is empty where a text is short already."""

    name = NAME
    label = "Summary"
    version = 1
    cost = Cost.LIGHT

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """The sentences of all memories are embedded at once, by the model that search uses."""
        found = [sentences_of(one.text) if word_count(one.text) > WORDS_MIN else [] for one in batch]
        vectors = generations.active().provider.embed_documents([said.words for one in found for said in one])
        outcomes, place = [], 0
        for one, said in zip(batch, found, strict=True):
            kept = [said[row] for row in chosen(vectors[place : place + len(said)], how_many(len(said)))]
            outcomes.append(Outcome(_result(one.text, kept)))
            place += len(said)
        return outcomes


def _result(text: str, kept: Sequence[Said]) -> dict[str, Any]:
    if not kept or sum(len(said.words) for said in kept) > _SHARE_MAX * len(text):
        return {}
    return {"sentences": [{"start": said.start, "end": said.end, "words": said.words} for said in kept]}


STEP = SummaryStep()
