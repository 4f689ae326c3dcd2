"""Deep summary: what a long memory says, in a language model's own words, for its owner to accept."""

from __future__ import annotations

from enrichment.llm.forms import DeepSummary
from enrichment.llm.steps import LlmStep


class DeepSummaryStep(LlmStep):
    """One proposal a memory of more than a hundred words."""

    name = "llm-summary"
    label = "Deep summary (language model)"
    form = DeepSummary
    words_min = 100
    task = (
        "Sum the text up in two to four sentences: what it is about, what was decided, what is open."
        ' Form: {"summary": "…"}'
    )


STEP = DeepSummaryStep()
