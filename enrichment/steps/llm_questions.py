"""Open questions: what a memory leaves unanswered, as a language model reads it."""

from __future__ import annotations

from enrichment.llm.forms import Questions
from enrichment.llm.steps import LlmStep


class QuestionsStep(LlmStep):
    """Proposals of questions."""

    name = "llm-questions"
    label = "Open questions (language model)"
    form = Questions
    task = (
        "List questions that the text raises and leaves open, and that its owner may want answered. One sentence each,"
        ' with the words of the text that raise it. Form: {"questions": [{"text": "…", "quote": "…"}]}'
    )


STEP = QuestionsStep()
