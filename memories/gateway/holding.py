"""Room for a call under way: it counts against limits with what it may take, until its server has counted."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from memories.context import count_tokens
from memories.gateway.dialects import Asked
from memories.gateway.limits import check_limits, limits_on
from memories.gateway.prices import cost_microusd
from memories.gateway.refusals import UsedUp
from memories.models import GatewayCall
from memshadow.lib.row_wall import confine

_BYTES_A_TOKEN = 4  # of a request without words to count


def hold(call: GatewayCall, asked: Asked, *, memory_tokens: int, size_bytes: int) -> None:
    """Store the call with what it may take, unless that of others under way leaves nothing. Raises UsedUp.

    The person's limits are locked meanwhile, so that of many calls at once no more begin than there is room for.
    """
    confine(call.owner_id)
    call.input_tokens = tokens_sent(asked, memory_tokens) if asked.said else size_bytes // _BYTES_A_TOKEN
    call.output_tokens = _answer(asked)
    call.estimated, call.cost_microusd = True, cost_microusd(asked.model, call.input_tokens, call.output_tokens)
    try:
        with transaction.atomic():
            check_limits(limits_on(call.owner_id, call.api_key_id, locked=True))
            call.save()
    except UsedUp:
        release(call)
        raise


def release(call: GatewayCall) -> None:
    """Forget a call that was not passed on after all."""
    GatewayCall.objects.filter(id=call.id, owner_id=call.owner_id).delete()


def tokens_sent(asked: Asked, memory_tokens: int) -> int:
    """An estimate of what the model's server reads: the system's words, all that was said, and memories."""
    texts = (asked.system, *(one.text for one in asked.said))
    return sum(count_tokens(text, asked.model) for text in texts) + memory_tokens


def _answer(asked: Asked) -> int:
    if not asked.said:
        return 0
    usual: int = settings.GATEWAY_ANSWER_TOKENS
    return usual if asked.longest is None else min(asked.longest, usual)
