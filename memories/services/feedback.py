"""The log of what was asked, and verdicts on what was found: given, seen from use, changed and taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction

from accounts.models import User
from memories.access import feedback_or_404, memory_or_404, retrieval_or_404
from memories.feedback_rules import terms_of
from memories.fingerprints import question_key
from memories.models import Feedback, Memory, Retrieval, RuleEvidence, Use, Verdict
from memories.retrieval import SearchRequest, SearchResult
from memories.services.rules import settle
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused, ValidationFailed
from memshadow.lib.jobs import wake
from memshadow.lib.unhurried import insert

logger = logging.getLogger(__name__)

TASK = "memories.tasks.learn"
_VERDICTS = (Verdict.USEFUL.value, Verdict.NOT_USEFUL.value)
_PASSED_MAX = 20  # memories above the one that helped which count as looked past
_LOGGED = (
    *("id", "owner_id", "question_sealed", "question_key", "asked_at", "via", "took_ms", "plan", "hit_count"),
    *("top_score", "memory_ids", "scores", "continued", "used"),
)
_TYPING = timedelta(seconds=15)
_TYPING_SWEEP = timedelta(hours=1)


def log_retrieval(*, owner: User, request: SearchRequest, result: SearchResult, via: str) -> UUID | None:
    """Note a question with its answer, in one INSERT; returns the id that feedback names.

    None when the log is off (RETRIEVAL_LOG) or cannot be written, which never spoils the answer.
    """
    if not settings.RETRIEVAL_LOG:
        return None
    row = Retrieval(
        owner=owner,
        question_key=question_key(owner.id, request.query),
        asked_at=now(),
        via=via,
        took_ms=result.took_ms,
        plan=result.plan,
        hit_count=len(result.hits),
        top_score=result.hits[0].score if result.hits else 0.0,
        memory_ids=[hit.memory.id for hit in result.hits],
        scores=[round(hit.score * 1000) for hit in result.hits],
        continued=request.cursor is not None,
    )
    row.question = request.query
    try:
        insert("memories_retrieval", [(name, getattr(row, name)) for name in _LOGGED])
    except DatabaseError:
        logger.exception("A search could not be logged")
        return None
    return row.id


def give_feedback(
    *, owner: User, memory_id: UUID, verdict: str, retrieval_id: UUID | None = None, via: str = "api"
) -> Feedback:
    """A person's verdict on a memory, for the question of a retrieval or in general; replaces the one before.

    Raises ValidationFailed for an unknown verdict, NotFound for ids that are not the owner's, PermissionRefused for
    a viewer.
    """
    if verdict not in _VERDICTS:
        raise ValidationFailed(f"verdict is {' or '.join(_VERDICTS)}.", field="verdict")
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot judge memories; ask the owner for another role.")
    memory = memory_or_404(owner, memory_id)
    retrieval = retrieval_or_404(owner, retrieval_id) if retrieval_id else None
    row = _draft(owner, memory.id, retrieval)
    row.verdict, row.via = verdict, via
    kept = _keep(row, retrieval)
    _note_outcome(retrieval, verdict)
    return kept


def note_use(*, owner: User, retrieval_id: UUID, memory_id: UUID, how: str) -> Feedback | None:
    """That a memory was opened, copied or put into a prompt after a search: a small vote for it.

    A stale or foreign id is no error here, for a link must not break over it; nor does use overrule a person's word.
    """
    known = Memory.objects.filter(owner=owner, id=memory_id).exists()
    retrieval = Retrieval.objects.filter(owner=owner, id=retrieval_id).first()
    if not known or retrieval is None or not owner.may_write or memory_id not in retrieval.memory_ids:
        return None
    row = _draft(owner, memory_id, retrieval)
    row.verdict, row.via, row.implicit, row.how = Verdict.USEFUL, retrieval.via, True, Use(how)
    Retrieval.objects.filter(id=retrieval.id, used=False).update(used=True)
    return _keep(row, retrieval)


def take_back(*, owner: User, feedback_id: UUID) -> None:
    """Withdraw a verdict, with what it taught. Raises NotFound."""
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change feedback.")
    with transaction.atomic():
        row = feedback_or_404(owner, feedback_id)
        _unlearn([row])
        row.delete()
        _forget_passed(row)
        _note_outcome(row.retrieval)


def prune_retrievals() -> int:
    """Forget questions older than RETRIEVAL_LOG_DAYS; the verdicts on them stay. Returns how many."""
    limit = now() - timedelta(days=settings.RETRIEVAL_LOG_DAYS)
    return Retrieval.objects.filter(asked_at__lt=limit).delete()[0]


def forget_typing() -> int:
    """Drop what the search page asked while its user was still typing; returns how many.

    A question that the next one, seconds later, continues was never meant as one. Those with feedback stay.
    """
    recent = Retrieval.objects.filter(asked_at__gte=now() - _TYPING_SWEEP, via="dashboard", feedback=None)
    rows = list(recent.order_by("owner_id", "asked_at", "id"))
    typed = [first.id for first, then in pairwise(rows) if _is_typing(first, then)]
    return Retrieval.objects.filter(id__in=typed).delete()[0]


def _is_typing(first: Retrieval, then: Retrieval) -> bool:
    if first.owner_id != then.owner_id or then.asked_at - first.asked_at > _TYPING:
        return False
    before, after = (str(row.question).casefold().strip() for row in (first, then))
    return before != after and (after.startswith(before) or before.startswith(after))


def _draft(owner: User, memory_id: UUID, retrieval: Retrieval | None) -> Feedback:
    row = Feedback(owner=owner, memory_id=memory_id, retrieval=retrieval, created_at=now())
    if retrieval is not None:
        row.question, row.question_key = retrieval.question, bytes(retrieval.question_key)
        row.terms = terms_of(owner.id, row.question)
    return row


@transaction.atomic
def _keep(row: Feedback, retrieval: Retrieval | None) -> Feedback:
    """Put the verdict in the place of the one before, and let it teach."""
    before = (
        Feedback.objects.select_for_update()
        .filter(owner=row.owner, memory_id=row.memory_id, question_key=row.question_key)
        .first()
    )
    if before is not None:
        if before.verdict == row.verdict and before.implicit == row.implicit:
            return before
        if row.implicit and not before.implicit:
            return before
        _unlearn([before])
        before.delete()
    Feedback.objects.bulk_create([row], ignore_conflicts=True)
    if row.verdict == Verdict.USEFUL:
        _mark_passed(row, retrieval)
        wake(TASK)
    else:
        _forget_passed(row)
    return row


def _mark_passed(row: Feedback, retrieval: Retrieval | None) -> None:
    """Who chose one looked past those above it ('skip above': Joachims et al., SIGIR 2005)."""
    if retrieval is None or row.memory_id not in retrieval.memory_ids:
        return
    above = retrieval.memory_ids[: retrieval.memory_ids.index(row.memory_id)][:_PASSED_MAX]
    there = Memory.objects.filter(owner_id=row.owner_id, id__in=above).values_list("id", flat=True)
    passed = [_draft(row.owner, memory_id, retrieval) for memory_id in there]
    for one in passed:
        one.verdict, one.implicit, one.via = Verdict.PASSED, True, row.via
    Feedback.objects.bulk_create(passed, ignore_conflicts=True)


def _note_outcome(retrieval: Retrieval | None, *now_said: str) -> None:
    """Say on the question whether anything helped: one useful answer is enough, and None means that nobody said."""
    if retrieval is None:
        return
    said = Feedback.objects.filter(retrieval=retrieval, implicit=False).values_list("verdict", flat=True)
    known = {*said, *now_said}
    outcome = (Verdict.USEFUL in known) if known else None
    Retrieval.objects.filter(id=retrieval.id).update(helped=outcome)


def _forget_passed(row: Feedback) -> None:
    """Nothing was passed over for a question that has no useful answer."""
    of_question = Feedback.objects.filter(owner_id=row.owner_id, question_key=row.question_key)
    if not of_question.filter(verdict=Verdict.USEFUL).exists():
        of_question.filter(verdict=Verdict.PASSED).delete()


def _unlearn(rows: Iterable[Feedback]) -> None:
    """Withdraw what these verdicts taught."""
    evidence = RuleEvidence.objects.filter(feedback__in=list(rows))
    rules = list(evidence.values_list("rule_id", flat=True))
    evidence.delete()
    settle(rules)
