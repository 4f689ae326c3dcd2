"""Facts: what a memory states, beside the facts that are known, as proposals to add, update or supersede."""

from __future__ import annotations

from typing import Final

from enrichment.llm.forms import Facts
from enrichment.llm.permitted import SOURCE
from enrichment.llm.steps import LlmStep
from memories.models import Kind, Memory, State
from memories.retrieval import related

_KNOWN: Final = 8
_NEAR: Final = 40
_COSINE_MIN: Final = 0.3


class FactsStep(LlmStep):
    """Proposals that make, change or supersede memories of the kind fact when they are accepted."""

    name = "llm-facts"
    label = "Facts (language model)"
    form = Facts
    words_min = 6
    task = (
        "List the lasting facts that the text states, each a sentence that stands by itself with names, not pronouns."
        " Compare with the known facts: op is ADD for a new one, UPDATE where it corrects or completes a known one,"
        " SUPERSEDE where a known one no longer holds; target is the number of that known fact."
        " Leave out what is known already."
        ' Form: {"facts": [{"op": "ADD", "text": "…", "target": null, "quote": "…", "reason": "…"}]}'
    )

    def known(self, memory: Memory) -> list[Memory]:
        """The facts that are nearest to it, of those that may be sent too."""
        near = related(memory.owner, memory, limit=_NEAR)
        return [row for row, cosine in near if cosine >= _COSINE_MIN and _is_fact(row)][:_KNOWN]


def _is_fact(row: Memory) -> bool:
    open_fact = row.kind == Kind.FACT and row.state == State.ACTIVE and not row.is_sealed
    return open_fact and not row.has_secret and (row.source == SOURCE or not row.is_suspicious)


STEP = FactsStep()
