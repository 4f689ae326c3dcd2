"""How much a person and each of their keys may use of language models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.access import api_key_or_404
from accounts.audit import record
from accounts.mfa.resetting import person_or_404
from accounts.models import ApiKey, User
from memories.gateway import usage
from memories.gateway.refusals import UsedUp
from memories.models import GatewayLimit
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused, ValidationFailed

TOKENS_MAX = 10**12
USD_MAX = Decimal(1_000_000)
_UNDER_WAY_WAIT_S = 10
_APPLIES = "SELECT * FROM memories_gatewaylimit WHERE owner_id = %s AND (api_key_id IS NULL OR api_key_id = %s)"
_ASK = "ask who manages this server"
_RAISE = "raise the limit under Gateway in the dashboard"


@dataclass(frozen=True, slots=True)
class Standing:
    """A limit, what is used of it, and what calls that are under way are expected to take."""

    limit: GatewayLimit
    tokens_today: int
    usd_this_month: Decimal
    tokens_under_way: int = 0
    usd_under_way: Decimal = Decimal(0)

    def reached(self, *, with_calls_under_way: bool) -> Iterator[tuple[str, datetime]]:
        """What of it is used up, in words, and when it begins afresh."""
        limit, whose = self.limit, "of this key" if self.limit.api_key_id else "of yours"
        tokens = self.tokens_today + (self.tokens_under_way if with_calls_under_way else 0)
        usd = self.usd_this_month + (self.usd_under_way if with_calls_under_way else 0)
        if limit.tokens_a_day is not None and tokens >= limit.tokens_a_day:
            yield f"The {limit.tokens_a_day:,} tokens a day {whose}", usage.today() + timedelta(days=1)
        if limit.usd_a_month is not None and usd >= limit.usd_a_month:
            yield f"The {limit.usd_a_month} dollars a month {whose}", usage.next_month()


def limits_on(owner_id: UUID, key_id: UUID | None, *, locked: bool = False) -> list[GatewayLimit]:
    """The limits that a call of this person with this key has to keep; `locked` until the transaction ends."""
    lock = "FOR UPDATE" if locked else ""
    return list(GatewayLimit.objects.raw(f"{_APPLIES} {lock}", [owner_id, key_id]))


def check_limits(limits: Iterable[GatewayLimit]) -> bool:
    """Whether there is a limit at all. Raises UsedUp when one is reached by what is used and what is under way."""
    standings = [_standing(limit) for limit in limits]
    for standing in standings:
        _check(standing)
    return bool(standings)


def limits_for(owner: User) -> list[Standing]:
    """The person's own limits and those that were set for them, the person's before their keys'."""
    rows = GatewayLimit.objects.filter(owner=owner).select_related("api_key")
    ordered = sorted(rows, key=lambda row: (row.api_key_id is not None, row.by_administrator, row.id))
    return [_standing(row) for row in ordered]


def set_limit(
    *, owner: User, key_id: UUID | None = None, tokens_a_day: int | None, usd_a_month: Decimal | None
) -> GatewayLimit:
    """Limit the person, or one of their keys; replaces what they set before. None is without limit.

    Raises ValidationFailed when nothing is limited, and NotFound for a key that is not theirs.
    """
    key = api_key_or_404(owner, key_id) if key_id else None
    return _set(owner, key, tokens_a_day, usd_a_month, by=owner)


def remove_limit(*, limit: GatewayLimit) -> None:
    """Lift a limit that the person set."""
    with transaction.atomic():
        record("model_limit.removed", actor=limit.owner, target=limit)
        limit.delete()


def set_limit_of_person(
    *, by: User, person_id: UUID, tokens_a_day: int | None, usd_a_month: Decimal | None
) -> GatewayLimit | None:
    """Limit somebody else, beside what they set themselves; None for both lifts it.

    Raises NotFound unless `by` manages this server, and PermissionRefused where an administrator limits the owner.
    """
    person = person_or_404(by, person_id)
    if person.is_owner and not by.is_owner:
        raise PermissionRefused("Only the owner limits the owner.")
    if tokens_a_day is not None or usd_a_month is not None:
        return _set(person, None, tokens_a_day, usd_a_month, by=by, by_administrator=True)
    with transaction.atomic():
        GatewayLimit.objects.filter(owner=person, by_administrator=True).delete()
        record("model_limit.removed", actor=by, target=person)
    return None


def limits_of_people() -> list[GatewayLimit]:
    """What was set for people of this server, by who manages it."""
    return list(GatewayLimit.objects.filter(by_administrator=True).select_related("owner").order_by("owner__email"))


def _set(
    owner: User,
    key: ApiKey | None,
    tokens: int | None,
    usd: Decimal | None,
    *,
    by: User,
    by_administrator: bool = False,
) -> GatewayLimit:
    if tokens is None and usd is None:
        raise ValidationFailed("Give a number of tokens a day or of dollars a month.", field="tokens_a_day")
    if tokens is not None and not 0 <= tokens <= TOKENS_MAX:
        raise ValidationFailed(f"Tokens a day are from 0 to {TOKENS_MAX:,}.", field="tokens_a_day")
    if usd is not None and not 0 <= usd <= USD_MAX:
        raise ValidationFailed(f"Dollars a month are from 0 to {USD_MAX:,}.", field="usd_a_month")
    with transaction.atomic():
        row, _ = GatewayLimit.objects.update_or_create(
            owner=owner,
            api_key=key,
            by_administrator=by_administrator,
            defaults={"tokens_a_day": tokens, "usd_a_month": usd},
        )
        record("model_limit.set", actor=by, target=row, tokens_a_day=tokens, usd_a_month=str(usd) if usd else None)
    return row


def _standing(limit: GatewayLimit) -> Standing:
    calls = usage.calls_of(limit.owner_id, limit.api_key_id)
    tokens = usage.tokens(calls, usage.today()) if limit.tokens_a_day is not None else (0, 0)
    usd = usage.usd(calls, usage.this_month()) if limit.usd_a_month is not None else (Decimal(0), Decimal(0))
    return Standing(limit, tokens[0], usd[0], tokens[1], usd[1])


def _check(standing: Standing) -> None:
    for what, until in standing.reached(with_calls_under_way=False):
        wait_s = max(1, int((until - now()).total_seconds()))
        remedy = _ASK if standing.limit.by_administrator else _RAISE
        message = f"{what} are used up. They begin afresh on {until:%-d %B} (UTC); {remedy}."
        raise UsedUp(message, retry_after_s=wait_s)
    for what, _ in standing.reached(with_calls_under_way=True):
        message = f"{what} may be used up by calls that are under way; try again when one of them has ended."
        raise UsedUp(message, retry_after_s=_UNDER_WAY_WAIT_S)
