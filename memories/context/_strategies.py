"""Which memories a prompt needs, and in which order: candidates from search, and why each is one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import regex
from django.conf import settings

from accounts.models import User
from memories.context._learnt import Learnt
from memories.context._request import SEALED, SENT, ContextRequest, LeftOut
from memories.context._topics import grouped
from memories.models import Memory
from memories.questions import Cue, holds
from memories.retrieval import Hit, SearchRequest, SearchResult, Signal, search, vectors_of
from memories.selectors import last_turns_of
from memshadow.lib.clock import now
from personas.models import Persona

_HEAD_CHARS: Final = 600
_TAIL_CHARS: Final = 1_400
# Search reads "phrases" and -words as orders; a prompt gives none.
_OPERATORS: Final = regex.compile(r'["“”„‟«»＂]|(?<!\S)-(?=\S)')
_TOPIC_CHARS: Final = 60
# A prompt that greets, thanks or agrees, and nothing else: every chat holds such words, and none of them answers.
_COURTESY: Final = regex.compile(
    r"(?:(?:hi|hello|hey|good (?:morning|afternoon|evening|night)|thanks|thank you|thx|please|ok|okay|yes|no|sure|"
    r"great|cool|nice|perfect|fine|bye|goodbye|there|again|so much|very much|a lot|"
    r"hallo|guten (?:morgen|tag|abend)|danke|dankeschön|vielen dank|bitte|ja|nein|tschüss|sehr|schön|"
    r"bonjour|bonsoir|salut|merci|beaucoup|oui|non|hola|buenos días|gracias|muchas gracias|sí|"
    r"ol[áa]|bom dia|obrigad[oa]|sim|ciao|buongiorno|grazie|mille|sì|hoi|goedemorgen|dank je|bedankt)\b[\s\p{P}]*)+",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that may go into the block. `place`: the character of its text around which it answers.

    `recent`: a turn of the conversation itself, which stands there for its place and not for its score.
    """

    memory: Memory
    score: float
    reasons: tuple[str, ...]
    place: int = 0
    signals: tuple[Signal, ...] = ()
    recent: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidates in order, recent turns first, newest first; the search that found the others; what is unfit."""

    candidates: list[Candidate]
    asked: SearchRequest | None = None
    result: SearchResult | None = None
    left_out: tuple[LeftOut, ...] = ()


def candidates_for(owner: User, request: ContextRequest, strategy: str, learnt: Learnt) -> Chosen:
    """What the strategy proposes, without what the caller sends anyway."""
    sent = {_plain(text) for text in (request.prompt, *request.history)}
    if is_courtesy(request.prompt):
        chosen = Chosen(_last_turns(owner, request) if strategy == "conversational" else [])
    else:
        chosen = STRATEGIES[strategy](owner, request, learnt)
    judged = [(one, _unfit(one.memory, sent)) for one in chosen.candidates]
    left = tuple(LeftOut(one.memory, one.score, why) for one, why in judged if why)
    return replace(chosen, candidates=[one for one, why in judged if not why], left_out=left)


def _unfit(memory: Memory, sent: Collection[str]) -> str:
    """Why a memory cannot go into the block, or empty. The text of one that its owner sealed is not ours to read."""
    if memory.is_sealed:
        return SEALED
    return SENT if _plain(memory.content) in sent else ""


def is_courtesy(prompt: str) -> bool:
    """Whether a prompt has no words to look for: 'Hi!', 'Thanks a lot.'"""
    return len(prompt) <= _HEAD_CHARS and _COURTESY.fullmatch(prompt.strip()) is not None


def query_of(prompt: str) -> str:
    """What of a prompt is searched for: all of it, or of a long one its beginning and its end."""
    text = " ".join(_OPERATORS.sub(" ", prompt).split())
    return text if len(text) <= _HEAD_CHARS + _TAIL_CHARS else f"{text[:_HEAD_CHARS]} {text[-_TAIL_CHARS:]}"


def _relevance(owner: User, request: ContextRequest, learnt: Learnt) -> Chosen:
    asked = _asking(owner, request, learnt)
    return _weighted(asked, search(asked), request)


def _recency(owner: User, request: ContextRequest, learnt: Learnt) -> Chosen:
    """A memory's age weighs as much as what it says.

    Where the prompt speaks of oneself ('what have I done lately?'), to be new is part of the answer, and of the search.
    Else ('the latest version of Python?') it only orders what answers: age makes nothing belong.
    """
    asked, at = _asking(owner, request, learnt), request.at or now()
    if holds(request.prompt[:_HEAD_CHARS]) & Cue.FIRST_PERSON:
        recency = {"recency": settings.CONTEXT_RECENCY_WEIGHT}
        asked = replace(asked, weights=recency, recency_half_life_days=settings.CONTEXT_RECENCY_HALF_LIFE_DAYS)
    found = _weighted(asked, search(asked), request)
    candidates = [_because(one, _age(one.memory, at)) for one in found.candidates]
    if not asked.weights:
        candidates.sort(key=lambda one: -_total(one) - _newness(one.memory, at))
    return replace(found, candidates=candidates)


def _total(candidate: Candidate) -> float:
    return sum(signal.contribution for signal in candidate.signals if signal.name != "recency")


def _newness(memory: Memory, at: datetime) -> float:
    """What the recency signal would add with the weight and half-life of this strategy."""
    age_days = max(0.0, (at - memory.occurred_at) / timedelta(days=1))
    weight: float = settings.CONTEXT_RECENCY_WEIGHT
    return weight * float(2.0 ** (-age_days / settings.CONTEXT_RECENCY_HALF_LIFE_DAYS))


def _topical(owner: User, request: ContextRequest, learnt: Learnt) -> Chosen:
    """The hits in groups of one subject each, the group that answers best first."""
    asked = _asking(owner, request, learnt)
    result = search(asked)
    found = _weighted(asked, result, request)
    hits = {hit.memory.id: hit for hit in result.hits}
    ordered = [hits[one.memory.id] for one in found.candidates]
    groups = grouped(vectors_of(owner, ordered), [one.score for one in found.candidates])
    candidates = []
    for number, members in enumerate(groups, start=1):
        named = f"subject {number} of {len(groups)}, around “{_beginning(found.candidates[members[0]].memory)}”"
        candidates += [_because(found.candidates[place], named) for place in members]
    return replace(found, candidates=candidates)


def _conversational(owner: User, request: ContextRequest, learnt: Learnt) -> Chosen:
    """The newest turns of this conversation, then what else is relevant."""
    found = _relevance(owner, request, learnt)
    recent = _last_turns(owner, request)
    there = {one.memory.id for one in recent}
    return replace(found, candidates=[*recent, *(one for one in found.candidates if one.memory.id not in there)])


def _last_turns(owner: User, request: ContextRequest) -> list[Candidate]:
    if request.conversation is None:
        return []
    turns = last_turns_of(owner, request.conversation, limit=settings.CONTEXT_RECENT_TURNS)
    return [Candidate(turn, 0.0, ("one of the last turns of this conversation",), recent=True) for turn in turns]


def _asking(owner: User, request: ContextRequest, learnt: Learnt) -> SearchRequest:
    wanted = request.wanted
    if request.persona is not None:
        others = Persona.objects.filter(owner=owner).exclude(id=request.persona).values_list("id", flat=True)
        wanted = replace(wanted, persona_ids_none=(*wanted.persona_ids_none, *others))
    return SearchRequest(
        owner=owner,
        query=query_of(request.prompt),
        wanted=wanted,
        limit=settings.CONTEXT_CANDIDATES,
        threshold=settings.CONTEXT_MIN_SCORE * learnt.threshold,
        explain=True,
        at=request.at,
        diversity=settings.CONTEXT_DIVERSITY if request.diversity is None else request.diversity,
    )


def _weighted(asked: SearchRequest, result: SearchResult, request: ContextRequest) -> Chosen:
    """The hits as candidates; a persona's own memories count more than those of none. None where the best is poor."""
    factor = asked.threshold / settings.CONTEXT_MIN_SCORE  # as feedback moves the threshold
    prompt = _plain(request.prompt)
    others = [hit for hit in result.hits if _plain(hit.memory.content) != prompt]  # to have asked before is no answer
    hits = result.hits if any(hit.score >= factor * _good(hit, asked) for hit in others) else []
    candidates = [_candidate(hit) for hit in hits]
    if request.persona is not None:
        candidates = _own_first(candidates, request.persona)
    return Chosen(candidates, asked, result)


def _good(hit: Hit, asked: SearchRequest) -> float:
    """The score from which a hit says that something answers: less where it is new and that is asked for.

    Less too while it is found by its words alone: its vector comes a moment after it was captured, and the question's
    not while an embedding server is away.
    """
    signals = hit.explanation.signals if hit.explanation else ()
    embedded = any(signal.name == "meaning" and signal.contribution > 0 for signal in signals)
    best: float = settings.CONTEXT_BEST_SCORE if embedded and not asked.weights else settings.CONTEXT_BEST_SCORE_IN_PART
    return best


def _own_first(candidates: Iterable[Candidate], persona_id: Any) -> list[Candidate]:
    weight = settings.CONTEXT_PERSONA_WEIGHT
    weighed = [
        replace(_because(one, "of the persona"), score=min(1.0, one.score * weight))
        if one.memory.persona_id == persona_id
        else one
        for one in candidates
    ]
    return sorted(weighed, key=lambda one: -one.score)


def _candidate(hit: Hit) -> Candidate:
    signals = hit.explanation.signals if hit.explanation else ()
    return Candidate(hit.memory, hit.score, (), hit.snippet.start, signals)


def _because(candidate: Candidate, reason: str) -> Candidate:
    return replace(candidate, reasons=(*candidate.reasons, reason))


def _age(memory: Memory, at: Any) -> str:
    days = (at - memory.occurred_at).days
    if days < 1:
        return "from today" if days == 0 else "dated later than today"
    return "from yesterday" if days == 1 else f"{days:,} days old"


def _beginning(memory: Memory) -> str:
    title = str(memory.metadata.get("title", "")) or " ".join(memory.content[:400].split())
    return title if len(title) <= _TOPIC_CHARS else title[: title.rfind(" ", 20, _TOPIC_CHARS)] + "…"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


Strategy = Callable[[User, ContextRequest, Learnt], Chosen]
STRATEGIES: Final[Mapping[str, Strategy]] = {
    "relevance": _relevance,
    "recency": _recency,
    "topical": _topical,
    "conversational": _conversational,
}


def recent_first(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """The recent turns, and the others."""
    return [one for one in candidates if one.recent], [one for one in candidates if not one.recent]
