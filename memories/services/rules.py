"""Learnt rules: taught by evidence, in use once there is enough of it, removed and restored by their owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.keys import keyring
from accounts.models import User
from memories.access import rule_or_404
from memories.feedback_rules import canonical
from memories.fingerprints import rule_key
from memories.keyed_terms import keyed
from memories.lexicon import parse_query
from memories.models import LearntRule, Memory, RuleEvidence
from memories.rendering import SEALED
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused

Kind, State = LearntRule.Kind, LearntRule.State
# Two questions must agree on a rule; a text that spells an acronym out is enough by itself.
NEEDED: Final = {Kind.ACRONYM: 1.0, Kind.SYNONYM: 2.0, Kind.EXPANSION: 2.0}

_MEMORIES: Final = 2


@dataclass(frozen=True, slots=True)
class Lesson:
    """One piece of evidence: asked with the words `given`, the words `added` would have helped.

    `weight` counts towards NEEDED. `because` is what the rule's explanation quotes.
    """

    kind: str
    given: tuple[str, ...]
    added: tuple[str, ...]
    memory_id: UUID
    feedback_id: UUID | None = None
    question_key: bytes = b""
    weight: float = 1.0
    because: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def teach(*, owner_id: UUID, lessons: Sequence[Lesson]) -> None:
    """Note evidence and put in use what has enough of it. Repeating a lesson changes nothing."""
    settle([rule.id for lesson in lessons if (rule := _noted(owner_id, lesson)) is not None])


def _noted(owner_id: UUID, lesson: Lesson) -> LearntRule | None:
    """The lesson's rule with the new evidence, or None when it is known or teaches nothing."""
    rule = _rule_of(owner_id, lesson)
    if rule is None:
        return None
    _, fresh = RuleEvidence.objects.get_or_create(
        rule=rule,
        memory_id=lesson.memory_id,
        question_key=lesson.question_key,
        defaults={"owner_id": owner_id, "feedback_id": lesson.feedback_id, "weight": lesson.weight},
    )
    return rule if fresh else None


def _rule_of(owner_id: UUID, lesson: Lesson) -> LearntRule | None:
    key = rule_key(owner_id, lesson.kind, lesson.given, lesson.added)
    known = LearntRule.objects.filter(owner_id=owner_id, rule_key=key).first()
    terms = _terms(owner_id, lesson.given)
    if known is not None or not terms:
        return known
    rule = LearntRule(owner_id=owner_id, kind=lesson.kind, rule_key=key, from_terms=terms, created_at=now())
    if lesson.kind == Kind.ACRONYM:
        rule.back_terms = _terms(owner_id, lesson.added)
    rule.payload = {"given": lesson.given, "added": lesson.added, "because": lesson.because}
    LearntRule.objects.bulk_create([rule], ignore_conflicts=True)
    return LearntRule.objects.get(owner_id=owner_id, rule_key=key)


def _terms(owner_id: UUID, words: Iterable[str]) -> list[str]:
    key = keyring(owner_id).lexeme_key
    return sorted({keyed(canonical(word), key) for word in parse_query(" ".join(words)).words})


def settle(rule_ids: Iterable[UUID]) -> None:
    """Weigh the evidence of rules anew: in use, not sure yet, or gone when nothing speaks for them."""
    for rule in LearntRule.objects.filter(id__in=set(rule_ids)).exclude(state=State.REMOVED):
        rule.strength = _strength(rule)
        if not rule.strength:
            rule.delete()
            continue
        enough = rule.strength >= NEEDED[Kind(rule.kind)]
        rule.state = State.ACTIVE if enough else State.CANDIDATE
        rule.activated_at = (rule.activated_at or now()) if enough else None
        rule.save(update_fields=["strength", "state", "activated_at"])


def _strength(rule: LearntRule) -> float:
    """The sum over different questions of the best evidence each gives; for acronyms over memories.

    All words of one memory go with each question that found it: a synonym needs two memories.
    """
    best: dict[object, float] = {}
    memories = set()
    for question, memory_id, weight in rule.evidence.values_list("question_key", "memory_id", "weight"):
        source = bytes(question) or memory_id
        best[source] = max(best.get(source, 0.0), weight)
        memories.add(memory_id)
    alone = rule.kind == Kind.SYNONYM and len(memories) < _MEMORIES
    return min(sum(best.values()), NEEDED[Kind.SYNONYM] / 2) if alone else sum(best.values())


def remove_rule(*, owner: User, rule_id: UUID) -> LearntRule:
    """Take a rule out of use; it is not learnt again. Raises NotFound."""
    return _move(owner, rule_id, State.REMOVED)


def restore_rule(*, owner: User, rule_id: UUID) -> LearntRule:
    """Put a removed rule back in use. Raises NotFound."""
    return _move(owner, rule_id, State.ACTIVE)


def _move(owner: User, rule_id: UUID, state: LearntRule.State) -> LearntRule:
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change what search has learnt.")
    rule = rule_or_404(owner, rule_id)
    rule.state = state
    rule.save(update_fields=["state"])
    return rule


def drop_unfounded(owner: User | None = None) -> int:
    """Delete rules whose evidence was erased; of removed ones only the words. Returns how many."""
    bare = LearntRule.objects.exclude(Exists(RuleEvidence.objects.filter(rule=OuterRef("pk"))))
    if owner is not None:
        bare = bare.filter(owner=owner)
    bare.filter(state=State.REMOVED).update(payload_sealed=b"", from_terms=[], back_terms=[])
    return bare.exclude(state=State.REMOVED).delete()[0]


def forget_lessons(memory: Memory) -> None:
    """Nothing that a memory taught stays: its evidence, rules that stand on it alone, and what others quote of it.

    What an earlier version of it taught is told by no row; if there was one, no rule of an acronym goes on quoting.
    """
    owned = LearntRule.objects.filter(owner_id=memory.owner_id)
    taught = Q(id__in=list(owned.filter(evidence__memory=memory).values_list("id", flat=True)))
    RuleEvidence.objects.filter(memory=memory).delete()
    settle(owned.filter(taught).values_list("id", flat=True))
    drop_unfounded(memory.owner)
    earlier = Q(kind=Kind.ACRONYM) if memory.revision_count else Q(pk=None)
    for rule in owned.filter(taught | earlier).exclude(state=State.REMOVED, payload_sealed=b""):
        rule.payload = {**rule.payload, "because": {**rule.payload.get("because", {}), "memory": SEALED}}
        rule.save(update_fields=["payload_sealed"])
