"""How much a person and each of their keys may use of language models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from accounts.models import ApiKey, User
from memories.gateway.refusals import UsedUp
from memories.models import GatewayCall, GatewayLimit
from memshadow.lib.clock import now


def check_limits(owner: User, key: ApiKey | None) -> None:
    """Raises UsedUp when a limit of the person or of the key is reached. What is under way is not counted yet."""
    applies = Q(api_key=None) | Q(api_key=key) if key is not None else Q(api_key=None)
    for limit in GatewayLimit.objects.filter(applies, owner=owner):
        calls = GatewayCall.objects.filter(owner=owner)
        _check(limit, calls if limit.api_key_id is None else calls.filter(api_key_id=limit.api_key_id))


def _check(limit: GatewayLimit, calls: QuerySet[GatewayCall]) -> None:
    day, month = _today(), _today().replace(day=1)
    whose = "of this key" if limit.api_key_id else "of yours"
    if limit.tokens_a_day is not None and _tokens(calls, day) >= limit.tokens_a_day:
        _refuse(f"The {limit.tokens_a_day:,} tokens a day {whose} are used up.", day + timedelta(days=1))
    if limit.usd_a_month is not None and _usd(calls, month) >= limit.usd_a_month:
        _refuse(f"The {limit.usd_a_month} dollars a month {whose} are used up.", _next_month(month))


def _tokens(calls: QuerySet[GatewayCall], since: datetime) -> int:
    found = calls.filter(created_at__gte=since).aggregate(n=Sum(F("input_tokens") + F("output_tokens")))
    return int(found["n"] or 0)


def _usd(calls: QuerySet[GatewayCall], since: datetime) -> Decimal:
    found = calls.filter(created_at__gte=since).aggregate(n=Sum("cost_microusd"))
    return Decimal(found["n"] or 0) / 1_000_000


def _refuse(what: str, until: datetime) -> None:
    wait_s = max(1, int((until - now()).total_seconds()))
    message = f"{what} They begin afresh on {until:%-d %B} (UTC); raise the limit under Gateway in the dashboard."
    raise UsedUp(message, retry_after_s=wait_s)


def _today() -> datetime:
    return now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _next_month(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)
