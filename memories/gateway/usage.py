"""What was used of language models: tokens and cost by model and day. Days and months are those of UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDay

from accounts.models import User
from memories.models import Conversation, GatewayCall
from memshadow.lib.clock import now
from memshadow.lib.paging import Page, paginate

_MICRO = 1_000_000
_UNDER_WAY = timedelta(hours=1)  # a call that has not ended by then was cut off with its web process


@dataclass(frozen=True, slots=True)
class Used:
    """Calls and what they took. `usd` is None where no call had a price; `unpriced`: calls whose model has none."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal | None = None
    unpriced: int = 0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class DayOfModel:
    """What one model took on one day."""

    day: date
    model: str
    used: Used


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call, and its conversation if that is still there."""

    row: GatewayCall
    conversation_id: UUID | None

    @property
    def usd(self) -> Decimal | None:
        """What it cost; None for a model without a price."""
        return None if self.row.cost_microusd is None else Decimal(self.row.cost_microusd) / _MICRO


def days_for(owner: User, days: int = 30) -> list[DayOfModel]:
    """The last days by model, oldest first. One query."""
    since = today() - timedelta(days=days - 1)
    rows = _ended(owner).filter(created_at__gte=since).annotate(day=TruncDay("created_at", tzinfo=UTC))
    summed = rows.values("day", "model").annotate(**_SUMS).order_by("day", "model")
    return [DayOfModel(row["day"].date(), row["model"], _used(row)) for row in summed]


def models_for(owner: User) -> list[tuple[str, Used]]:
    """This month by model, most tokens first. One query."""
    rows = _ended(owner).filter(created_at__gte=this_month())
    found = [(row["model"], _used(row)) for row in rows.values("model").annotate(**_SUMS)]
    return sorted(found, key=lambda one: (-one[1].tokens, one[0]))


def total(used: Iterable[Used]) -> Used:
    """All of them together."""
    parts = list(used)
    priced = [one.usd for one in parts if one.usd is not None]
    return Used(
        sum(one.calls for one in parts),
        sum(one.input_tokens for one in parts),
        sum(one.output_tokens for one in parts),
        sum(priced, Decimal(0)) if priced else None,
        sum(one.unpriced for one in parts),
    )


def calls_page(owner: User, *, cursor: str | None, limit: int) -> Page[GatewayCall]:
    """The calls, newest first, those under way too."""
    rows = GatewayCall.objects.filter(owner=owner).select_related("api_key")
    return paginate(rows, cursor=cursor, limit=limit)


def shown(owner: User, calls: Iterable[GatewayCall]) -> list[ShownCall]:
    """Calls with the conversations that there still are. One query."""
    rows = list(calls)
    named = {row.conversation_id for row in rows if row.conversation_id}
    there = set(Conversation.objects.filter(owner=owner, id__in=named).values_list("id", flat=True))
    return [ShownCall(row, row.conversation_id if row.conversation_id in there else None) for row in rows]


def calls_of(owner_id: UUID, key_id: UUID | None) -> QuerySet[GatewayCall]:
    """The calls of a person, or of one of their keys."""
    calls = GatewayCall.objects.filter(owner_id=owner_id)
    return calls if key_id is None else calls.filter(api_key_id=key_id)


def tokens(calls: QuerySet[GatewayCall], since: datetime) -> tuple[int, int]:
    """Tokens read and written since then: of calls that ended, and as expected of those under way. One query."""
    return _summed(calls, since, F("input_tokens") + F("output_tokens"))


def usd(calls: QuerySet[GatewayCall], since: datetime) -> tuple[Decimal, Decimal]:
    """Dollars since then: of calls that ended, and as expected of those under way. One query."""
    ended, under_way = _summed(calls, since, F("cost_microusd"))
    return Decimal(ended) / _MICRO, Decimal(under_way) / _MICRO


def _summed(calls: QuerySet[GatewayCall], since: datetime, what: Combinable) -> tuple[int, int]:
    under_way = Q(ending="", created_at__gte=now() - _UNDER_WAY)
    found = calls.filter(created_at__gte=since).aggregate(
        ended=Sum(what, filter=~Q(ending="")), under_way=Sum(what, filter=under_way)
    )
    return int(found["ended"] or 0), int(found["under_way"] or 0)


def today() -> datetime:
    """When the day began."""
    return now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def this_month() -> datetime:
    """When the month began."""
    return today().replace(day=1)


def next_month() -> datetime:
    """When the next one begins."""
    return (this_month() + timedelta(days=32)).replace(day=1)


_SUMS = {
    "calls": Count("id"),
    "read": Sum("input_tokens"),
    "written": Sum("output_tokens"),
    "micro": Sum("cost_microusd"),
    "unpriced": Count("id", filter=Q(cost_microusd=None) & (Q(input_tokens__gt=0) | Q(output_tokens__gt=0))),
}


def _ended(owner: User) -> QuerySet[GatewayCall]:
    return GatewayCall.objects.filter(owner=owner).exclude(ending="")


def _used(row: Mapping[str, Any]) -> Used:
    micro = row["micro"]
    cost = None if micro is None else Decimal(micro) / _MICRO
    return Used(row["calls"] or 0, row["read"] or 0, row["written"] or 0, cost, row["unpriced"] or 0)
