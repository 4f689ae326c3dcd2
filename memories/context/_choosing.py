"""Which strategy a prompt needs when its sender named none: by its conversation, its time words and its shape."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import regex
from django.utils import timezone

from memories.context._request import AUTO, ContextRequest
from memories.context._strategies import STRATEGIES
from memories.questions import time_spans
from memshadow.lib.errors import ValidationFailed

_READ_CHARS: Final = 2_000
_RECENT: Final = timedelta(days=31)
_NOW_WORDS: Final = regex.compile(
    r"\b(?:latest|lately|recent(?:ly)?|currently|right now|these days|up to date|so far|newest|any news|what's new"
    r"|neueste[nrs]?|neulich|kürzlich|zuletzt|derzeit|aktuell(?:e[nrs]?)?|récemment|dernièrement|actuellement"
    r"|recientemente|últimamente|actualmente|recentemente|ultimamente|attualmente|onlangs|momenteel)\b",
    regex.IGNORECASE,
)
_BROAD: Final = regex.compile(
    r"\b(?:tell me (?:everything|all|more)?\s*about|what do (?:you|we|i) know about|everything (?:about|on)|overview|"
    r"summari[sz]e|summary of|recap|brainstorm|help me (?:plan|prepare|write|decide)|ideas? for|"
    r"erzähl\w* (?:mir )?(?:alles )?(?:über|von)|was wei(?:ß|ss)t du über|überblick|fasse?\b.{0,80}\bzusammen|"
    r"parle-moi de|résume[rz]?|résumé|cuéntame|resume[n]?|resumir|riassumi|panoramica|"
    r"vertel (?:me )?(?:alles )?over|vat\b.{0,80}\bsamen)",
    regex.IGNORECASE,
)


NAMES: Final = (AUTO, *STRATEGIES)


def strategy_of(request: ContextRequest, at: datetime) -> tuple[str, str]:
    """The strategy's name, and why in plain words. Raises ValidationFailed for an unknown one."""
    if request.strategy not in NAMES:
        raise ValidationFailed(f"strategy is one of {', '.join(NAMES)}.", field="strategy")
    if request.strategy != AUTO:
        return request.strategy, "You chose it."
    if request.conversation is not None and not request.history:
        return "conversational", "The prompt belongs to a conversation, whose last turns are not sent along."
    text = request.prompt[:_READ_CHARS]
    if recent := _recent_words(text, at):
        return "recency", f"The prompt speaks of what is recent (“{recent}”)."
    if broad := _BROAD.search(text):
        return "topical", f"The prompt asks broadly (“{broad.group().strip()}”), so whole subjects help more."
    return "relevance", "The prompt asks for something in particular."


def _recent_words(text: str, at: datetime) -> str:
    """The words that speak of the last month or of now; '' for none."""
    if found := _NOW_WORDS.search(text):
        return found.group()
    for span in time_spans(text, timezone.localtime(at)):
        if at - _RECENT <= span.start <= at and span.kind not in ("open", "range"):
            return span.text
    return ""
