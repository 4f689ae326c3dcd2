"""Reads: what memories say in short, the roll-ups that cite them, and points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.models import User
from enrichment.models import Enrichment, Mention, Point, Rollup, RollupPart
from enrichment.points import LISTENER, SPEAKER, TOGETHER
from enrichment.steps.summary import NAME
from memories.models import Memory, State

_LEFT_OUT = [f"memory__{name}_sealed" for name in ("content", "findings", "metadata", "ciphertext")]


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence of a roll-up and where it stands."""

    memory_id: UUID
    conversation_id: UUID | None
    start: int
    end: int
    words: str
    author: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class PointShown:
    """A point with whose it is, in the name by which that one is known."""

    row: Point
    who: str

    @property
    def task(self) -> str:
        """What is to be done, or was decided."""
        return str(self.row.said["task"])

    @property
    def words(self) -> str:
        """The sentence that says so."""
        return str(self.row.said["words"])

    @property
    def due_words(self) -> str:
        """Until when, as it was said."""
        return str(self.row.said["due_words"])


def summary_of(owner: User, memory: Memory) -> list[dict[str, Any]] | None:
    """The sentences that sum a memory up, those that still stand in it; empty for a short one, None while unread."""
    rows = Enrichment.objects.filter(owner=owner, memory=memory.id, step=NAME, finished_at__isnull=False)
    row = rows.order_by("-version").first()
    if row is None:
        return None
    found: list[dict[str, Any]] = row.result.get("sentences", [])
    return found if row.revision == memory.revision_count else [one for one in found if one["words"] in memory.content]


def gists(memories: Sequence[Memory]) -> dict[UUID, str]:
    """In short what each of these memories of one owner says, of those that have been summed up as they are."""
    if not memories:
        return {}
    rows = Enrichment.objects.filter(
        owner=memories[0].owner_id, memory__in=[memory.id for memory in memories], step=NAME, finished_at__isnull=False
    )
    revisions = {memory.id: memory.revision_count for memory in memories}
    current = [row for row in rows.order_by("version") if row.revision == revisions[row.memory_id]]
    found = {row.memory_id: joined(row.result.get("sentences", ())) for row in current}
    return {memory_id: text for memory_id, text in found.items() if text}


def joined(sentences: Iterable[dict[str, Any]]) -> str:
    """Sentences as one text, marked where something is left out between them."""
    text, last = "", 0
    for one in sentences:
        gap = " " if one["start"] - last <= 2 else " […] "
        text, last = text + (gap if text else "") + one["words"], one["end"]
    return text


def conversation_gists(owner: User, conversation_ids: Collection[UUID]) -> dict[UUID, str]:
    """In short what each of these conversations is about."""
    rows = Rollup.objects.filter(owner=owner, kind=Rollup.Kind.CONVERSATION, conversation__in=conversation_ids)
    rollups = {row.id: row.conversation_id for row in rows if row.conversation_id}
    cited = cited_by(owner, rollups)
    return {rollups[key]: " ".join(one.words for one in found) for key, found in cited.items() if found}


def rollups(owner: User) -> QuerySet[Rollup]:
    """Those that have been made, newest first."""
    rows = Rollup.objects.filter(owner=owner, made_at__isnull=False)
    return rows.select_related("conversation", "persona", "tag").order_by("-made_at", "-id")


def rollup_of(owner: User, **place: Any) -> Rollup | None:
    """The one of a conversation, persona, tag, or kind and day; None while there is none."""
    return rollups(owner).filter(**place).first()


def cited_by(owner: User, rollup_ids: Collection[UUID]) -> dict[UUID, list[Cited]]:
    """The sentences of each roll-up, in order: those of memories that are not in the trash and still say so."""
    rows = RollupPart.objects.filter(owner=owner, rollup__in=list(rollup_ids)).exclude(memory__state=State.DELETED)
    found: dict[UUID, list[Cited]] = defaultdict(list)
    for part in rows.select_related("memory").defer(*_LEFT_OUT).order_by("rollup", "number"):
        if part.revision == part.memory.revision_count or part.words.rstrip("…") in part.memory.content:
            found[part.rollup_id].append(_cited(part))
    return found


def _cited(part: RollupPart) -> Cited:
    memory = part.memory
    return Cited(memory.id, memory.conversation_id, part.start, part.end, part.words, memory.author, memory.occurred_at)


def points(owner: User) -> QuerySet[Point]:
    """Points of memories that are not in the trash."""
    rows = Point.objects.filter(owner=owner).exclude(memory__state=State.DELETED)
    return rows.select_related("memory").defer(*_LEFT_OUT)


def points_in(owner: User, memories: Collection[UUID]) -> list[PointShown]:
    """The points of memories in the order of their texts, without those that a person said are none."""
    rows = points(owner).filter(memory__in=memories).exclude(state=Point.State.DISMISSED)
    return shown_points(owner, rows.order_by("memory__occurred_at", "memory", "start"))


def action_items(owner: User, *, state: str = Point.State.OPEN, due_by: date | None = None) -> QuerySet[Point]:
    """What somebody has to do, the most urgent first, and last what has no day."""
    rows = points(owner).filter(kind=Point.Kind.ACTION)
    rows = rows.filter(Q(state=state) if state else Q(), Q(due_on__lte=due_by) if due_by else Q())
    return rows.order_by(F("due_on").asc(nulls_last=True), "-memory__occurred_at", "-id")


def shown_points(owner: User, rows: Iterable[Point]) -> list[PointShown]:
    """Points with their owners, by the name that corrections of entities gave them."""
    listed = list(rows)
    named = _names(owner, listed)
    return [PointShown(row, named.get(row.id) or _who(row)) for row in listed]


def _who(row: Point) -> str:
    who = str(row.said["who"])
    return {SPEAKER: row.memory.author or "I", LISTENER: "You", TOGETHER: "We"}.get(who, who)


def _names(owner: User, rows: Sequence[Point]) -> dict[UUID, str]:
    """What the entity is called that a point's name is a mention of."""
    wanted = {(row.memory_id, row.said["who_start"]): row.id for row in rows if row.said["who_end"]}
    mentions = Mention.objects.filter(owner=owner, memory__in={memory for memory, _ in wanted}, entity__kind="person")
    return {
        wanted[one.memory_id, one.start]: one.entity.name
        for one in mentions.select_related("entity")
        if one.entity and (one.memory_id, one.start) in wanted
    }
