"""Preparing a context: target, budget, strategy, block, messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from django.conf import settings

from accounts.models import User
from memories.access import conversation_or_404
from memories.context._block import Filled, filled
from memories.context._choosing import strategy_of
from memories.context._entries import Manner
from memories.context._learnt import Learnt, learnt_from
from memories.context._messages import messages, style_for
from memories.context._request import NO_ROOM, POLICY, ContextRequest, PreparedContext, TokenParts
from memories.context._strategies import Chosen, candidates_for, is_courtesy
from memories.context.targets import LAYOUTS, Target, target_for
from memories.context.tokens import counter, is_exact
from memories.services.feedback import log_retrieval
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from personas.selectors import persona_or_404


def prepare(owner: User, request: ContextRequest) -> PreparedContext:
    """The memories that the prompt needs, fenced, within the budget, and in messages that are ready to send.

    Raises ValidationFailed for an unknown strategy, format or layout or a bad number, and NotFound for a persona or
    conversation that is not the owner's.
    """
    started = time.perf_counter()
    _check(owner, request)
    target = target_for(owner, request.model)
    strategy, reason = strategy_of(request, request.at or now())
    learnt = learnt_from(owner)
    tokens = token_parts(request, target, learnt)
    chosen = Chosen([])
    if tokens.budget > 0 and request.prompt.strip():
        chosen = candidates_for(owner, request, strategy, learnt)
    name = request.format or target.format
    manner = Manner.of(target, style_for(target, name), request.layout)
    block = filled(chosen.candidates, tokens.budget, manner, counter(target))
    return PreparedContext(
        block=block.text,
        messages=messages(target, name, system=request.system, block=block.text, prompt=request.prompt),
        format=name,
        used=block.used,
        tokens=replace(tokens, memories=block.tokens),
        target=target,
        strategy=strategy,
        strategy_reason=reason,
        notes=tuple(_notes(request, target, tokens, block, learnt)),
        retrieval_id=_logged(owner, request, chosen),
        took_ms=round((time.perf_counter() - started) * 1000, 2),
        search_ms=chosen.result.took_ms if chosen.result else 0.0,
        left_out=(*block.left_out, *chosen.left_out),
        learnt=learnt,
        understood=chosen.result.understood if chosen.result else (),
    )


def token_parts(request: ContextRequest, target: Target, learnt: Learnt) -> TokenParts:
    """How the window is shared out before memories are chosen: they get at most the setting's share of what is left."""
    count = counter(target)
    prompt, system = count(request.prompt), count(request.system)
    reserve = min(target.output, settings.CONTEXT_RESERVE_TOKENS) if request.reserve is None else request.reserve
    left = max(0, target.window - prompt - system - request.history_tokens - reserve)
    wanted = int(settings.CONTEXT_BUDGET_TOKENS * learnt.budget) if request.budget is None else request.budget
    budget = min(wanted, int(left * settings.CONTEXT_SHARE))
    return TokenParts(target.window, system, prompt, request.history_tokens, reserve, budget, 0, is_exact(target))


def _check(owner: User, request: ContextRequest) -> None:
    for name in ("budget", "reserve", "history_tokens"):
        if (getattr(request, name) or 0) < 0:
            raise ValidationFailed(f"{name} is a number of tokens, 0 or more.", field=name)
    if request.layout is not None and request.layout not in LAYOUTS:
        raise ValidationFailed(f"layout is one of {', '.join(LAYOUTS)}.", field="layout")
    if request.persona is not None:
        persona_or_404(owner, request.persona)
    if request.conversation is not None:
        conversation_or_404(owner, request.conversation)


def _notes(request: ContextRequest, target: Target, tokens: TokenParts, block: Filled, learnt: Learnt) -> Iterator[str]:
    if not target.known:
        named = f"“{request.model}” is not a model that is known here" if request.model else "No model was named"
        yield f"{named}: a window of {target.window:,} tokens and the OpenAI format were assumed."
    if is_courtesy(request.prompt):
        yield "The prompt has no words to look for."
    if tokens.budget <= 0:
        yield "The prompt leaves no room for memories in this model's window."
    if request.budget is None and learnt.note:
        yield learnt.note
    if cut := sum(one.cut for one in block.used):
        yield f"{cut} {'memory was' if cut == 1 else 'memories were'} cut to the sentences that answer."
    if no_room := block.left_for(NO_ROOM):
        yield f"{no_room} more that matched did not fit into the budget."
    if unfit := block.left_for(POLICY):
        those = "one that matches was" if unfit == 1 else f"{unfit} that match were"
        yield f"By policy {those} left out: what they say is addressed to a model, or secret."


def _logged(owner: User, request: ContextRequest, chosen: Chosen) -> UUID | None:
    if chosen.asked is None or chosen.result is None:
        return None
    return log_retrieval(owner=owner, request=chosen.asked, result=chosen.result, via=request.via)
