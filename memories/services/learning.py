"""Learning from verdicts, as a sweep: words that mean the same, and questions that failed before one worked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from memories import generations
from memories.distinctive import distinctive_words, word_set
from memories.feedback_rules import canonical
from memories.lexicon import parse_query
from memories.models import Feedback, LearntRule, Retrieval, Verdict
from memories.rendering import plain_title
from memories.services.rules import Lesson, teach
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError

Kind = LearntRule.Kind
BATCH: Final = 100
ASKED_MAX: Final = 4  # words of a question that may get a synonym
ADDED_MAX: Final = 8  # words of a memory that may be one; two questions then tell which
TELLING_MAX: Final = 3  # words of a memory that a whole question is expanded with
ATTEMPT_WITHIN: Final = timedelta(minutes=10)  # a question asked again in other words, after it failed
FAILURES: Final = 2  # after so many failures, one success teaches
SAME_TOPIC_COSINE: Final = 0.4  # of two questions that share no word (LoCoMo: median .63 of the same topic, .36 else)
_IMPLICIT = 0.5


def learn_from_feedback() -> int:
    """Let every useful verdict that is pending teach; returns how many were looked at."""
    total = 0
    while done := _feedback_batch():
        total += done
    return total


@transaction.atomic
def _feedback_batch() -> int:
    pending = Feedback.objects.select_for_update(skip_locked=True, of=("self",))
    useful = pending.filter(learnt_at=None, verdict=Verdict.USEFUL).select_related("memory", "retrieval")
    rows = list(useful.order_by("created_at")[:BATCH])
    for row in rows:
        teach(owner_id=row.owner_id, lessons=[*_synonyms(row), *_from_failures(row)])
    Feedback.objects.filter(id__in=[row.id for row in rows]).update(learnt_at=now())
    return len(rows)


def _synonyms(row: Feedback) -> Iterator[Lesson]:
    """A question that found a memory without sharing a word with it: its words may mean the memory's."""
    memory = row.memory
    named = word_set(memory.author)
    asked = [word for word in _words(row.question) if not word_set(word) & named][:ASKED_MAX]
    if not asked or word_set(" ".join(asked)) & word_set(memory.content):
        return
    added = distinctive_words(memory, ADDED_MAX)
    if not added:
        return
    for word in asked:
        for other in added:
            yield _lesson(row, Kind.SYNONYM, (word,), (other,), _vote(row))
    if _failed_before(row):
        yield _lesson(row, Kind.EXPANSION, tuple(asked), tuple(added[:TELLING_MAX]), FAILURES * _vote(row))


def _from_failures(row: Feedback) -> Iterator[Lesson]:
    """Questions that failed in the minutes before: their words lead to those of the one that worked."""
    failed = _failed_attempts(row)
    weight = (FAILURES if len(failed) >= FAILURES else 1) * _vote(row)
    worked = _words(row.question)
    for question in dict.fromkeys(attempt.question for attempt in failed):
        tried = _words(question)
        added = [word for word in worked if word not in tried]
        given = [word for word in tried if word not in worked] or tried
        if added and given and _same_topic(question, row.question):
            yield _lesson(row, Kind.EXPANSION, tuple(given), tuple(added), weight, failed=question)


def _failed_attempts(row: Feedback) -> list[Retrieval]:
    """The other questions since the last one that something was found for, in the minutes before."""
    if row.retrieval is None:
        return []
    start = row.retrieval.asked_at - ATTEMPT_WITHIN
    useful = Feedback.objects.filter(owner_id=row.owner_id, verdict=Verdict.USEFUL)
    helped = Exists(useful.filter(question_key=OuterRef("question_key")))
    before = Retrieval.objects.filter(owner_id=row.owner_id, asked_at__gte=start, asked_at__lt=row.retrieval.asked_at)
    others = before.filter(continued=False).exclude(question_key=row.question_key).annotate(found=helped)
    return list(takewhile(lambda attempt: not getattr(attempt, "found", False), others.order_by("-asked_at")))


def _failed_before(row: Feedback) -> bool:
    """The same question came to nothing before, or most of its answers were no use."""
    same = Q(owner_id=row.owner_id, question_key=row.question_key)
    refused = Feedback.objects.filter(same, verdict=Verdict.NOT_USEFUL).count()
    empty = Retrieval.objects.filter(same, hit_count=0).count()
    return refused >= FAILURES or empty >= 1


def _same_topic(one: str, other: str) -> bool:
    if word_set(one) & word_set(other):
        return True
    try:
        provider = generations.active().provider
        return bool(np.dot(provider.embed_query(one), provider.embed_query(other)) >= SAME_TOPIC_COSINE)
    except MemshadowError:
        return False


def _lesson(
    row: Feedback, kind: str, given: tuple[str, ...], added: tuple[str, ...], weight: float, failed: str = ""
) -> Lesson:
    because = {"question": row.question, "memory": plain_title(row.memory, 80), "implicit": row.implicit}
    if failed:
        because["failed"] = failed
    return Lesson(kind, given, added, row.memory_id, row.id, bytes(row.question_key), weight, because)


def _vote(row: Feedback) -> float:
    return _IMPLICIT if row.implicit else 1.0


def _words(question: str) -> list[str]:
    """The words of a question as they are written, in lower case, each once, without stop words."""
    parsed = parse_query(question)
    return list({canonical(word): word.terms[0] for word in parsed.words}.values())
