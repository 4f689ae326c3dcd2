"""Insights: what a memory says about its owner that is worth knowing, as a language model reads it."""

from __future__ import annotations

from enrichment.llm.forms import Insights
from enrichment.llm.steps import LlmStep


class InsightsStep(LlmStep):
    """Proposals that become memories of the kind insight when they are accepted."""

    name = "llm-insights"
    label = "Insights (language model)"
    form = Insights
    task = (
        "List what the text shows about its owner that is worth knowing for good: preferences, people, projects,"
        " commitments, habits. One sentence each, with the words of the text that it rests on."
        ' Form: {"insights": [{"text": "…", "quote": "…"}]}'
    )


STEP = InsightsStep()
