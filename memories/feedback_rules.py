"""What search reads of feedback: the words that learnt rules add to a question, and how useful memories have been."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.keys import keyring
from memories.keyed_terms import keyed
from memories.lexicon import ParsedQuery, Word, parse_query
from memories.models import LearntRule

# What one question says about a memory: a person's word counts whole, what is only seen counts little.
USED_WEIGHT: Final = 0.4  # opened, copied or put into a prompt
PASSED_WEIGHT: Final = 0.15  # stood above the memory that helped
# Beta(3, 3) as prior: six questions must agree before a memory is half as good or bad as it can get.
PRIOR: Final = 6.0
GENERAL_MAX: Final = 0.5  # of 1: what a memory is worth for any question; similar questions weigh more
SIMILAR_PRIOR: Final = 0.5
SIMILAR_FROM: Final = 0.3  # cosine of two questions' words; one shared name among four words is .25

_RULES_MAX = 20
_WEIGHTS = {LearntRule.Kind.ACRONYM: 1.0, LearntRule.Kind.SYNONYM: 0.5, LearntRule.Kind.EXPANSION: 0.6}

# One row a memory with feedback: its votes, and those of similar questions weighted by the square of their likeness.
# MATERIALIZED, because the likeness would be worked out anew for each sum that reads it (four times the time).
_SIGNALS = """
WITH votes AS MATERIALIZED (
    SELECT f.memory_id,
           CASE WHEN f.verdict = 'useful' AND NOT f.implicit THEN 1 WHEN f.verdict = 'useful' THEN %(used)s
                ELSE 0 END AS good,
           CASE WHEN f.verdict = 'not_useful' THEN 1 WHEN f.verdict = 'passed' THEN %(passed)s ELSE 0 END AS bad,
           CASE WHEN f.terms && %(terms)s::varchar[] THEN
               (SELECT count(*) FROM unnest(f.terms) AS t (term) WHERE t.term = ANY(%(terms)s::varchar[]))
               / sqrt(cardinality(f.terms) * cardinality(%(terms)s::varchar[])) ELSE 0 END AS likeness
    FROM memories_feedback f WHERE f.owner_id = %(owner)s AND f.memory_id = ANY(%(ids)s)
), weighted AS (
    SELECT memory_id, good, bad, CASE WHEN likeness >= %(from)s THEN likeness ^ 2 ELSE 0 END AS near FROM votes
)
SELECT w.memory_id, bool_or(m.pinned), sum(w.good), sum(w.bad), sum(w.good * w.near), sum(w.bad * w.near)
FROM weighted w JOIN memories_memory m ON m.id = w.memory_id GROUP BY w.memory_id
"""


@dataclass(frozen=True, slots=True)
class Expansion:
    """Words that a learnt rule adds to a question, with the weight (0..1) of such a word beside the asked ones."""

    rule_id: UUID
    kind: str
    given: tuple[str, ...]
    added: tuple[str, ...]
    weight: float
    explanation: str


def canonical(word: Word) -> str:
    """The one term that stands for a question's word: the shortest of its stems, whatever its language."""
    return min(word.terms, key=lambda term: (len(term), term))


def question_terms(owner_id: UUID, parsed: ParsedQuery) -> list[str]:
    """The keyed lexemes of a question's words, without stop words: what `memory_signals` compares questions by."""
    key = keyring(owner_id).lexeme_key
    words = (*parsed.words, *(word for phrase in parsed.phrases for word in phrase))
    return sorted({keyed(canonical(word), key) for word in words})


def terms_of(owner_id: UUID, question: str) -> list[str]:
    """`question_terms` of a question that is not parsed yet."""
    return question_terms(owner_id, parse_query(question))


def learnt_for(owner_id: UUID, terms: Iterable[str]) -> list[Expansion]:
    """What rules add to a question, the surest first; `terms` are those of its ParsedQuery. One query.

    A rule applies when the question holds all of its words.
    """
    key = keyring(owner_id).lexeme_key
    asked = [keyed(term, key) for term in terms]
    if not asked:
        return []
    forth = Q(from_terms__overlap=asked, from_terms__contained_by=asked)
    back = Q(back_terms__overlap=asked, back_terms__contained_by=asked)
    rules = LearntRule.objects.filter(forth | back, owner_id=owner_id, state=LearntRule.State.ACTIVE)
    found = list(rules.order_by("-strength", "id")[:_RULES_MAX])
    return [expansion for rule in found for expansion in _expansions(rule, set(asked))]


def _expansions(rule: LearntRule, asked: set[str]) -> Iterable[Expansion]:
    given, added = tuple(rule.payload.get("given", ())), tuple(rule.payload.get("added", ()))
    ways = [(rule.from_terms, given, added), (rule.back_terms, added, given)]
    for needed, before, after in ways:
        if needed and asked.issuperset(needed):
            weight = _WEIGHTS[LearntRule.Kind(rule.kind)]
            yield Expansion(rule.id, rule.kind, before, after, weight, explained(rule))


def memory_signals(
    owner_id: UUID, memory_ids: Sequence[UUID], question_terms: Collection[str] = ()
) -> dict[UUID, float]:
    """How useful memories have been, -1..1; those without feedback are left out. One query.

    The mean of a Beta posterior over all questions, bounded to half, plus the same over similar questions, weighted by
    the square of the cosine of their words. A question counts once a memory, however often it is asked, and a pinned
    memory never falls below 0.
    """
    if not memory_ids:
        return {}
    named: dict[str, Any] = {
        "owner": owner_id,
        "ids": list(memory_ids),
        "terms": list(question_terms),
        "used": USED_WEIGHT,
        "passed": PASSED_WEIGHT,
        "from": SIMILAR_FROM,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SIGNALS, named)
        return {row[0]: _usefulness(row[1], *map(float, row[2:])) for row in cursor.fetchall()}


def _usefulness(pinned: bool, good: float, bad: float, good_near: float, bad_near: float) -> float:
    general = (good - bad) / (good + bad + PRIOR)
    similar = (good_near - bad_near) / (good_near + bad_near + SIMILAR_PRIOR)
    value = max(-GENERAL_MAX, min(GENERAL_MAX, general)) + similar
    return max(0.0 if pinned else -1.0, min(1.0, value))


def explained(rule: LearntRule) -> str:
    """In plain words, what taught a rule and when."""
    because = rule.payload.get("because", {})
    day = f"{timezone.localtime(rule.activated_at or rule.created_at):%-d %B %Y}"
    if rule.kind == LearntRule.Kind.ACRONYM:
        return f"Learnt on {day} from “{because.get('memory', '')}”, which says what the letters stand for."
    if "failed" in because:
        return (
            f"Learnt on {day} because you asked “{because['failed']}” without success and then found "
            f"“{because.get('memory', '')}” with “{because.get('question', '')}”."
        )
    memory, question = because.get("memory", ""), because.get("question", "")
    if because.get("implicit"):
        return f"Learnt on {day} because you used “{memory}” after asking “{question}”."
    return f"Learnt on {day} because you marked “{memory}” useful for “{question}”."
