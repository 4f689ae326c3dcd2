"""What was used of language models, and how much may be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from memories.access import gateway_limit_or_404
from memories.gateway import limits as services
from memories.gateway import usage
from memories.gateway.usage import ShownCall, Used
from memories.models import GatewayLimit
from memshadow.lib.strict import PageQuery, StrictModel, StrictQuery

router = Router(tags=["Gateway"])

Tokens = Annotated[int, Field(ge=0, le=services.TOKENS_MAX)]
Dollars = Annotated[Decimal, Field(ge=0, le=services.USD_MAX, max_digits=10, decimal_places=2)]


class LimitIn(StrictModel):
    """How much may be used; null is without limit."""

    tokens_a_day: Tokens | None = Field(default=None, description="Read and written together; days are those of UTC.")
    usd_a_month: Dollars | None = Field(default=None, description="By the server's list of prices.")


class OwnLimitIn(LimitIn):
    """For oneself, or for one of one's keys."""

    key_id: UUID | None = Field(default=None, description="Null: for all of the person's keys together.")


class PersonLimitIn(LimitIn):
    """For a person of this server."""

    person_id: UUID


class LimitOut(BaseModel):
    """A limit; null is without."""

    tokens_a_day: int | None
    usd_a_month: float | None


class PersonLimitOut(LimitOut):
    """A person's limit."""

    person_id: UUID


class PersonLimitListOut(BaseModel):
    """All that were set for people."""

    items: list[PersonLimitOut]


class StandingOut(LimitOut):
    """A limit, and what is used of it."""

    id: UUID
    key_id: UUID | None
    by_administrator: bool = Field(description="Set by who manages this server: only they change it.")
    tokens_today: int
    usd_this_month: float

    @classmethod
    def of(cls, row: services.Standing) -> StandingOut:
        """From the limit as it stands."""
        limit = row.limit
        return cls(
            id=limit.id,
            key_id=limit.api_key_id,
            by_administrator=limit.by_administrator,
            tokens_a_day=limit.tokens_a_day,
            usd_a_month=_dollars(limit.usd_a_month),
            tokens_today=row.tokens_today,
            usd_this_month=float(row.usd_this_month),
        )


class LimitListOut(BaseModel):
    """All that apply to a person."""

    items: list[StandingOut]


class UsageQuery(StrictModel):
    """Which days."""

    days: int = Field(default=30, ge=1, le=400, description="Days until today, today included.")


class UsedOut(BaseModel):
    """Calls, and what they took."""

    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(description="By the server's list of prices; null when no model has one.")
    unpriced_calls: int = Field(description="Calls to models without a price, which the cost leaves out.")


class ModelUsedOut(UsedOut):
    """Of one model."""

    model: str


class DayUsedOut(ModelUsedOut):
    """Of one model on one day."""

    day: date


class UsageOut(BaseModel):
    """What was used; days and months are those of UTC."""

    month: UsedOut
    models: list[ModelUsedOut] = Field(description="This month, most tokens first.")
    days: list[DayUsedOut] = Field(description="Oldest first; a day without calls is left out.")


class CallOut(BaseModel):
    """One call that went through."""

    id: UUID
    created_at: datetime
    dialect: str
    upstream: str
    model: str
    status: int = Field(description="The model server's HTTP status; 0 when none came.")
    ending: str = Field(description="complete, client_gone, upstream_broke, timed_out, unreachable; empty: under way.")
    memory_state: str = Field(description="used, none, off or failed.")
    memories_used: int
    memory_tokens: int
    input_tokens: int
    output_tokens: int
    estimated: bool = Field(description="The model server told no counts.")
    cost_usd: float | None
    first_byte_ms: int
    took_ms: int
    key_id: UUID | None
    conversation_id: UUID | None = Field(description="Null when it was not remembered, or is gone.")

    @classmethod
    def of(cls, call: ShownCall) -> CallOut:
        """From a call as it is shown."""
        own = {"key_id", "conversation_id", "cost_usd"}
        values = {name: getattr(call.row, name) for name in cls.model_fields if name not in own}
        key, cost = call.row.api_key_id, _dollars(call.usd)
        return cls(**values, key_id=key, conversation_id=call.conversation_id, cost_usd=cost)


class CallPageOut(BaseModel):
    """A page of calls."""

    items: list[CallOut]
    next_cursor: str | None


@router.get("/gateway/usage", auth=scope("gateway"), response=UsageOut)
def get_gateway_usage(request: ApiRequest, query: Annotated[UsageQuery, StrictQuery(...)]) -> UsageOut:
    """Read what was used of language models, by model and day."""
    models = usage.models_for(request.auth.owner)
    return UsageOut(
        month=UsedOut(**_values(usage.total(used for _, used in models))),
        models=[ModelUsedOut(model=model, **_values(used)) for model, used in models],
        days=[
            DayUsedOut(day=one.day, model=one.model, **_values(one.used))
            for one in usage.days_for(request.auth.owner, query.days)
        ],
    )


@router.get("/gateway/calls", auth=scope("gateway"), response=CallPageOut)
def list_gateway_calls(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> CallPageOut:
    """List calls to language models, newest first."""
    page = usage.calls_page(request.auth.owner, cursor=query.cursor, limit=query.limit)
    items = [CallOut.of(call) for call in usage.shown(request.auth.owner, page.items)]
    return CallPageOut(items=items, next_cursor=page.next_cursor)


@router.get("/gateway/limits", auth=scope("account"), response=LimitListOut)
def list_gateway_limits(request: ApiRequest) -> LimitListOut:
    """List the limits that apply, with what is used of them."""
    return LimitListOut(items=[StandingOut.of(row) for row in services.limits_for(request.auth.person)])


@router.put("/gateway/limits", auth=scope("account"), response=LimitOut)
def set_gateway_limit(request: ApiRequest, limit: OwnLimitIn) -> LimitOut:
    """Limit oneself or one of one's keys; replaces what was set before."""
    return _limit(services.set_limit(owner=request.auth.person, **limit.model_dump()))


@router.delete("/gateway/limits/{uuid:limit_id}", auth=scope("account"), response={204: None})
def remove_gateway_limit(request: ApiRequest, limit_id: UUID) -> Status[None]:
    """Lift a limit that one set oneself."""
    services.remove_limit(limit=gateway_limit_or_404(request.auth.person, limit_id))
    return Status(204, None)


@router.get("/gateway/person-limits", auth=scope("server"), response=PersonLimitListOut)
def list_person_limits(request: ApiRequest) -> PersonLimitListOut:
    """List the limits that were set for people of this server."""
    rows = services.limits_of_people()
    return PersonLimitListOut(
        items=[PersonLimitOut(person_id=row.owner_id, **_limit(row).model_dump()) for row in rows]
    )


@router.put("/gateway/person-limits", auth=scope("server"), response=LimitOut)
def limit_person(request: ApiRequest, limit: PersonLimitIn) -> LimitOut:
    """Limit a person of this server, beside what they set themselves; null for both lifts it."""
    return _limit(services.set_limit_of_person(by=request.auth.person, **limit.model_dump()))


def _limit(row: GatewayLimit | None) -> LimitOut:
    if row is None:
        return LimitOut(tokens_a_day=None, usd_a_month=None)
    return LimitOut(tokens_a_day=row.tokens_a_day, usd_a_month=_dollars(row.usd_a_month))


def _values(used: Used) -> dict[str, Any]:
    return {
        "calls": used.calls,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "cost_usd": _dollars(used.usd),
        "unpriced_calls": used.unpriced,
    }


def _dollars(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
