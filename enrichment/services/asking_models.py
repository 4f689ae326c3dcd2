"""A question to a language model: within the budget, recorded before it is sent, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import Sum
from pydantic import BaseModel

from accounts.models import User
from enrichment.llm.endings import Answer, LlmTrouble, NotNow
from enrichment.llm.forms import SYSTEM
from enrichment.llm.in_process import ask_here
from enrichment.llm.permitted import server_of
from enrichment.llm.structured import Structured, structured
from enrichment.llm.wire import ANSWER_TOKENS, Server, ask_server
from enrichment.models import LlmCall, LlmSetting
from memories.context import count_tokens
from memories.gateway.limits import check_limits, limits_on
from memories.gateway.prices import cost_microusd
from memories.gateway.refusals import UsedUp
from memories.models import GatewayCall, Memory
from memshadow.lib.clock import now

T = TypeVar("T", bound=BaseModel)
_MICRO: Final = 1_000_000
HERE: Final = "this server"
Ending = LlmCall.Ending


@dataclass(frozen=True, slots=True)
class Spent:
    """What was asked for today: tokens, and dollars as far as the model has a price."""

    tokens: int
    usd: Decimal


def spent_today(owner: User) -> Spent:
    """Of UTC's day; what is under way counts with what it may take."""
    start = datetime.combine(now().astimezone(UTC).date(), clock_time(), UTC)
    rows = LlmCall.objects.filter(owner=owner, created_at__gte=start)
    sums = rows.aggregate(read=Sum("input_tokens"), written=Sum("output_tokens"), cost=Sum("cost_microusd"))
    return Spent((sums["read"] or 0) + (sums["written"] or 0), Decimal(sums["cost"] or 0) / _MICRO)


def ask_model(
    *, setting: LlmSetting, memory: Memory, step: str, prompt: str, form: type[T]
) -> tuple[Structured[T], LlmCall]:
    """The model's answer in this form, and the record of it.

    Raises LlmTrouble; NotNow where it is to be tried later.
    """
    server = server_of(setting)
    call = _begun(setting, memory, step, prompt, server)
    answers: list[Answer] = []
    started = time.monotonic()

    def ask(words: str) -> Answer:
        answer = ask_server(server, system=SYSTEM, prompt=words) if server else ask_here(system=SYSTEM, prompt=words)
        answers.append(answer)
        return answer

    ending, said = str(Ending.FAILED), ""
    try:
        found = structured(ask, prompt, form)
        ending = Ending.REPAIRED if found.repaired else Ending.GOOD
        return found, call
    except LlmTrouble as trouble:
        ending, said = trouble.ending, trouble.said
        if isinstance(trouble, NotNow):
            _rest(setting, trouble.wait_s)
        raise
    finally:
        call.said = {**call.said, "answers": [answer.text for answer in answers], "trouble": said}
        _ended(call, ending, answers, time.monotonic() - started)


@transaction.atomic
def _begun(setting: LlmSetting, memory: Memory, step: str, prompt: str, server: Server | None) -> LlmCall:
    """The record with what it may take, unless the budget leaves no room. Raises NotNow."""
    locked = LlmSetting.objects.select_for_update(of=("self",)).get(pk=setting.pk)
    call = LlmCall(owner_id=setting.owner_id, memory=memory, step=step)
    call.host, call.model = (server.host, server.model) if server else (HERE, setting.model)
    call.input_tokens, call.output_tokens = count_tokens(SYSTEM + prompt, call.model), ANSWER_TOKENS
    call.cost_microusd = cost_microusd(call.model, call.input_tokens, call.output_tokens) if server else 0
    _check(locked, call)
    call.said = {"system": SYSTEM, "prompt": prompt, "answers": []}
    call.save(force_insert=True)
    return call


def _check(setting: LlmSetting, call: LlmCall) -> None:
    moment = now()
    if setting.rests_until is not None and setting.rests_until > moment:
        raise NotNow("The model's server rests.", wait_s=(setting.rests_until - moment).total_seconds())
    spent = spent_today(setting.owner)
    tokens = spent.tokens + call.input_tokens + call.output_tokens
    usd = spent.usd + Decimal(call.cost_microusd or 0) / _MICRO
    if tokens > setting.tokens_a_day or usd > setting.usd_a_day:
        raise NotNow("The budget of the day is used up.", wait_s=_until_tomorrow(moment))
    try:
        check_limits(limits_on(setting.owner_id, None))
    except UsedUp as error:
        raise NotNow(error.message, wait_s=_until_tomorrow(moment)) from error


def _until_tomorrow(moment: datetime) -> float:
    tomorrow = datetime.combine(moment.astimezone(UTC).date() + timedelta(days=1), clock_time(0, 1), UTC)
    return (tomorrow - moment).total_seconds()


def _rest(setting: LlmSetting, wait_s: float) -> None:
    """A server that does not answer is not asked for each memory in turn."""
    LlmSetting.objects.filter(pk=setting.pk).update(rests_until=now() + timedelta(seconds=wait_s))


@transaction.atomic
def _ended(call: LlmCall, ending: str, answers: Sequence[Answer], took_s: float) -> None:
    """Note what came of it, for its owner and for the usage of the gateway."""
    call.ending, call.took_ms = ending, round(took_s * 1000)
    estimated = any(answer.input_tokens is None for answer in answers)
    each = call.input_tokens
    call.input_tokens = sum(answer.input_tokens if answer.input_tokens is not None else each for answer in answers)
    call.output_tokens = sum(
        answer.output_tokens if answer.output_tokens is not None else count_tokens(answer.text, call.model)
        for answer in answers
    )
    if call.host != HERE:
        call.cost_microusd = cost_microusd(call.model, call.input_tokens, call.output_tokens)
        _count(call, estimated=estimated)
    call.save()


def _count(call: LlmCall, *, estimated: bool) -> None:
    if call.output_tokens:
        GatewayCall.objects.create(
            owner_id=call.owner_id,
            dialect="enrichment",
            upstream=call.host,
            model=call.model,
            status=200,
            ending="complete",
            input_tokens=call.input_tokens,
            output_tokens=call.output_tokens,
            estimated=estimated,
            cost_microusd=call.cost_microusd,
            took_ms=call.took_ms,
        )
