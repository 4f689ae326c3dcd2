"""Which arms a question sends out, and how each of them runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.conf import settings

from memories.retrieval import _plan, _sql
from memories.retrieval._conditions import Conditions
from memories.retrieval._query import Question, authors_query
from memories.retrieval._request import SearchRequest
from memories.retrieval._words import proposing_query


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the arms proposed, and the plan of the vector arm: exact, hnsw or none."""

    rows: _sql.Rows
    plan: str


def propose(place: _sql.Place, conditions: Conditions, question: Question, request: SearchRequest) -> Proposed:
    """The union of all arms. A graph walk that ended short of what must be there is done again, exactly."""
    return _plan.planned(lambda: _proposed(place, conditions, question, request))


def _proposed(place: _sql.Place, conditions: Conditions, question: Question, request: SearchRequest) -> Proposed:
    narrowed = not request.wanted.is_default or bool(question.required) or request.as_of is not None
    arms = _vector_arms(conditions, question, request, narrowed=narrowed)
    lexical = _lexical_arm(conditions, question, request)
    rows = _sql.candidates(place, arms, lexical)
    found = {arm.bit: int(np.count_nonzero(rows.records["arm"] == arm.bit)) for arm in arms}
    if any(arm.plan.fell_short(found[arm.bit]) for arm in arms):
        arms = [
            _sql.Arm(arm.bit, arm.conditions, arm.plan.as_exact() if arm.plan.fell_short(found[arm.bit]) else arm.plan)
            for arm in arms
        ]
        rows = _sql.candidates(place, arms, lexical)
    plan = next((("exact" if arm.plan.exact else "hnsw") for arm in arms if arm.bit == _sql.VECTOR), "none")
    return Proposed(rows, plan)


def _vector_arms(
    conditions: Conditions, question: Question, request: SearchRequest, *, narrowed: bool
) -> list[_sql.Arm]:
    """By meaning among all, among what the named authors said, and among what happened at the named times."""
    if question.vector is None:
        return []
    arms = []
    if "vector" in request.arms:
        arms.append(_sql.Arm(_sql.VECTOR, conditions, _plan.choose(conditions, narrowed=narrowed)))
    if "author" in request.arms and question.authors:
        said = conditions.also("e.lexemes @@ %s::tsquery", authors_query(question))
        arms.append(_sql.Arm(_sql.AUTHOR, said, _plan.choose(said, narrowed=True)))
    if "time" in request.arms and question.times:
        then = conditions.also(
            "(" + " OR ".join(["(e.occurred_at >= %s AND e.occurred_at < %s)"] * len(question.times)) + ")",
            *(moment for span in question.times for moment in (span.start, span.end)),
        )
        arms.append(_sql.Arm(_sql.TIME, then, _plan.choose(then, narrowed=True)))
    return arms


def _lexical_arm(conditions: Conditions, question: Question, request: SearchRequest) -> _sql.LexicalArm | None:
    groups = (*question.groups, *(group for expansion in question.expansions for group in expansion.groups))
    if "lexical" not in request.arms or not groups:
        return None
    rows = settings.RETRIEVAL_LEXICAL_ROWS
    words = proposing_query(groups, question.key, question.known.chunks, rows)
    return _sql.LexicalArm(conditions, " | ".join([words, *(f"({phrase})" for phrase in question.quoted)]), rows)
