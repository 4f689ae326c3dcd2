"""Relations: what each memory states of whom and what, with its time, kept as rows of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from enrichment.language import parsed, passages
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.relations import Phrase, Statement
from enrichment.services.stating import record_relations
from memories.models import Memory

NAME: Final = "relations"
# What an assistant or a tool says is no evidence of how things are.
_NO_WITNESS: Final = frozenset(["assistant", "system", "tool"])
_MOMENTS: Final = ("valid_from", "valid_to")
_PLAIN: Final = ("predicate", "start", "end", "rule", "confidence", "is_negated", "is_end", "modality", "time_rule")


class RelationsStep(Step):
    """The result is `stated`: a list of subject, predicate, object with the places of their words, time and certainty.

    English only: what the parse's labels and the verbs' words mean, each language has to itself.
    """

    name = NAME
    label = "Relations"
    version = 2
    inputs = ("entities",)
    cost = Cost.LIGHT
    languages = frozenset(["en", "und"])

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """The texts were parsed for their entities just now, and mostly are remembered."""
        return [Outcome({"stated": [_as_json(found) for found in _found(one)]}) for one in _parsed_first(batch)]

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """Relations of these memories, and the entities of those who speak in them."""
        owner_id = done[0][0].owner_id
        rows = Memory.objects.filter(owner_id=owner_id).in_bulk([one.memory_id for one, _ in done])
        stated = {
            rows[one.memory_id]: [_from_json(plain) for plain in result["stated"]]
            for one, result in done
            if one.memory_id in rows
        }
        if stated:
            record_relations(owner_id=owner_id, stated=stated)


def _reads(one: StepInput) -> bool:
    """Whether it is said by somebody, in English or in a text too short to tell, in Latin letters."""
    return one.role not in _NO_WITNESS and (one.language == "en" or one.text[:200].isascii())


def _parsed_first(batch: Sequence[StepInput]) -> Iterator[StepInput]:
    parsed([passage for one in batch if _reads(one) for _, passage in passages(one.text)], "en")
    yield from batch


def _found(one: StepInput) -> Sequence[Statement]:
    from enrichment.relations.finding import find_relations, named_in

    if not _reads(one):
        return ()
    named, days = named_in(one.results.get("entities", {}))
    return find_relations(one.text, written_at=one.occurred_at, named=named, days=days, sure=one.language == "en")


def _as_json(one: Statement) -> dict[str, Any]:
    plain: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
    plain |= {name: moment.isoformat() for name in _MOMENTS if (moment := getattr(one, name)) is not None}
    for side, part in (("subject", one.subject), ("object", one.object)):
        plain[side] = [part.text, part.start, part.end, part.head, part.is_speaker]
    return plain


def _from_json(plain: Mapping[str, Any]) -> Statement:
    moments: dict[str, Any] = {name: datetime.fromisoformat(plain[name]) for name in _MOMENTS if name in plain}
    return Statement(
        subject=Phrase(*plain["subject"]),
        object=Phrase(*plain["object"]),
        **{name: plain[name] for name in _PLAIN},
        **moments,
    )


STEP = RelationsStep()
