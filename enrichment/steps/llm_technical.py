"""Technical extraction: versions, errors with their causes and fixes, commands, as a language model reads them."""

from __future__ import annotations

from enrichment.code import code_blocks
from enrichment.llm.forms import Technical
from enrichment.llm.steps import LlmStep
from enrichment.protocol import StepInput

_TECHNICAL = frozenset("identifier version path ipv4 ipv6 cidr cve domain".split())  # noqa: SIM905


class TechnicalStep(LlmStep):
    """Proposals of texts that hold code or name something technical."""

    name = "llm-technical"
    label = "Technical points (language model)"
    form = Technical
    task = (
        "List what is technical and worth keeping: decisions, versions, errors with cause and fix, commands, settings."
        " One short sentence each, with the words of the text that it rests on."
        ' Form: {"items": [{"text": "…", "quote": "…"}]}'
    )

    def wants(self, one: StepInput) -> bool:
        """Others are not sent."""
        from enrichment.entities.finding import find_entities

        if not super().wants(one):
            return False
        if code_blocks(one.text):
            return True
        return any(found.kind in _TECHNICAL for found in find_entities(one.text[:20_000], names=False))


STEP = TechnicalStep()
