"""Letting a language model be asked about one's memories, or no more: off until its owner says so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from enrichment.llm.in_process import is_configured
from enrichment.llm.permitted import settings_for
from enrichment.llm.steps import LlmStep
from enrichment.models import Enrichment, LlmSetting
from enrichment.registry import steps
from enrichment.services.planning import enrichable, plan
from memories.models import GatewayUpstream, Tag
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from personas.models import Persona

TOKENS_MAX: Final = 100_000_000
USD_MAX: Final = Decimal(10_000)


def llm_steps() -> list[LlmStep]:
    """The steps that ask a model."""
    return [step for step in steps().values() if isinstance(step, LlmStep)]


def setting_of(owner: User) -> LlmSetting:
    """What the owner lets be asked; off where they never said anything."""
    found = LlmSetting.objects.filter(owner=owner).select_related("upstream").first()
    return found or LlmSetting(owner=owner, steps=[step.name for step in llm_steps()])


@transaction.atomic
def set_llm(
    *,
    owner: User,
    is_on: bool,
    model: str = "",
    upstream: GatewayUpstream | None = None,
    is_local: bool = False,
    step_names: Sequence[str] = (),
    tokens_a_day: int = 50_000,
    usd_a_day: Decimal = Decimal("0.50"),
    from_now: bool = True,
    excluded_personas: Collection[UUID] = (),
    excluded_tags: Collection[UUID] = (),
) -> LlmSetting:
    """Say who is asked what, and how much a day. `from_now`: what was captured before is not sent.

    Switched off, nothing that waits is sent any more. Raises ValidationFailed.
    """
    row = setting_of(owner)
    was_on, row.is_on = row.is_on, is_on
    row.model, row.upstream, row.is_local = " ".join(model.split())[:120], None if is_local else upstream, is_local
    known = {step.name for step in llm_steps()}
    row.steps = [name for name in dict.fromkeys(step_names) if name in known]
    row.tokens_a_day, row.usd_a_day, row.rests_until = tokens_a_day, usd_a_day, None
    row.excluded_personas = _own(Persona, owner, excluded_personas)
    row.excluded_tags = _own(Tag, owner, excluded_tags)
    row.since = (row.since if was_on and row.since else now()) if from_now else None
    _check(row)
    row.save()
    record("enrichment.model_set", actor=owner, on=is_on, host=row.upstream.name if row.upstream else "")
    _plan(row)
    return row


def drop_unasked() -> int:
    """Let nothing wait for a model that nobody can ask any more, such as one whose server was removed."""
    count = 0
    for step in llm_steps():
        waiting = Enrichment.objects.filter(step=step.name, state=Enrichment.State.PENDING)
        count += waiting.exclude(owner__in=settings_for(step.name).values("owner")).delete()[0]
    return count


def _own(kind: type[Persona] | type[Tag], owner: User, ids: Collection[UUID]) -> list[UUID]:
    rows = kind._default_manager.filter(owner=owner, id__in=list(ids))
    return list(rows.values_list("id", flat=True))


def _check(row: LlmSetting) -> None:
    if not 0 < row.tokens_a_day <= TOKENS_MAX:
        raise ValidationFailed(f"Tokens a day are from 1 to {TOKENS_MAX:,}.", field="tokens_a_day")
    if not 0 <= row.usd_a_day <= USD_MAX:
        raise ValidationFailed(f"Dollars a day are from 0 to {USD_MAX:,}.", field="usd_a_day")
    if not row.is_on:
        return
    if row.is_local and not is_configured():
        raise ValidationFailed("This server has no model of its own (MEMSHADOW_LLM_MODEL_DIR).", field="server")
    if not row.is_local and row.upstream is None:
        raise ValidationFailed("Choose a server. Servers are added on the page Gateway.", field="server")
    if not row.is_local and not row.model:
        raise ValidationFailed("Name the model that is asked.", field="model")
    if not row.steps:
        raise ValidationFailed("Choose at least one step.", field="steps")


def _plan(row: LlmSetting) -> None:
    """What it may ask is due; what it may not any more is not."""
    mine = Enrichment.objects.filter(owner=row.owner, state=Enrichment.State.PENDING)
    names = [step.name for step in llm_steps()]
    mine.filter(step__in=names).delete()
    if row.is_on:
        plan(memories=enrichable().filter(owner=row.owner), only=row.steps)
