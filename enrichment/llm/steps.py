"""What steps that ask a language model have in common: who may be asked about what, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol
from uuid import UUID

from django.db.models import QuerySet

from enrichment.llm.endings import LlmTrouble, NotNow
from enrichment.llm.forms import Proposed, prompt_for
from enrichment.llm.permitted import narrowed, sendable, settings_for
from enrichment.models import Enrichment, LlmSetting, proposal_key
from enrichment.protocol import Cost, Outcome, Result, Step, StepInput
from enrichment.services.asking_models import ask_model
from enrichment.services.proposing import record_proposals
from enrichment.summaries import word_count
from memories.models import Memory

# Longer texts are sent by their beginning.
_TEXT_CHARS: Final = 12_000


class _Form(Protocol):
    def proposed(self) -> list[Proposed]: ...


class LlmStep(Step):
    """The result is `proposed`, which become proposals for the owner; `of` is the keyed hash of the text they are from.

    A text that has not changed is not sent again.
    """

    cost = Cost.REMOTE
    form: ClassVar[Any]
    task: ClassVar[str]
    words_min: ClassVar[int] = 25

    def is_available(self) -> bool:
        """Whether anybody lets it ask."""
        return settings_for(self.name).exists()

    def narrowed(self, memories: QuerySet[Any]) -> QuerySet[Any]:
        """The memories that their owners let be sent."""
        return narrowed(self.name, memories)

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """One question for each memory, if it may still be sent."""
        return [self._read(one) for one in batch]

    def record(self, done: Sequence[tuple[StepInput, Result]]) -> None:
        """What was proposed waits for the owner's word."""
        for one, result in done:
            if "proposed" in result:
                record_proposals(owner_id=one.owner_id, memory_id=one.memory_id, step=self.name, result=result)

    def wants(self, one: StepInput) -> bool:
        """Whether there may be something in it."""
        return word_count(one.text) >= self.words_min

    def known(self, memory: Memory) -> list[Memory]:
        """Facts that are told along, by number."""
        return []

    def _read(self, one: StepInput) -> Outcome:
        setting = settings_for(self.name).filter(owner=one.owner_id).select_related("upstream", "owner").first()
        memory = sendable(setting).filter(id=one.memory_id).first() if setting else None
        if setting is None or memory is None or not self.wants(one):
            return Outcome()
        of = proposal_key(one.owner_id, self.name, one.text).hex()
        before = Enrichment.objects.filter(memory=one.memory_id, step=self.name, version=self.version).first()
        if before is not None and before.result.get("of") == of:
            return Outcome(before.result)
        return self._asked(setting, memory, one, of)

    def _asked(self, setting: LlmSetting, memory: Memory, one: StepInput, of: str) -> Outcome:
        known = self.known(memory)
        prompt = prompt_for(self.task, one.text[:_TEXT_CHARS], [fact.content[:400] for fact in known])
        try:
            found, call = ask_model(setting=setting, memory=memory, step=self.name, prompt=prompt, form=self.form)
        except NotNow as trouble:
            return Outcome(error=trouble.message, wait_s=trouble.wait_s)
        except LlmTrouble as trouble:
            return Outcome(error=trouble.message, is_final=trouble.is_final)
        proposed = [_as_json(thing, one, known) for thing in found.value.proposed()]
        return Outcome({"of": of, "call": str(call.id), "model": call.model, "proposed": proposed})


def _as_json(thing: Proposed, one: StepInput, known: Sequence[Memory]) -> dict[str, Any]:
    """What is proposed; a number that names no known fact makes it a new one, and words that do not stand there go."""
    target = known[thing.target - 1].id if thing.target and 0 < thing.target <= len(known) else None
    kind = str(thing.kind) if target or thing.kind not in ("update", "supersede") else "add"
    quote = thing.quote if thing.quote and thing.quote in one.text else ""
    found = {"kind": kind, "text": thing.text, "quote": quote, "reason": thing.reason}
    return found | ({"target": str(target)} if target else {})


def uuid_in(given: Any) -> UUID | None:
    """The id in a stored result."""
    return UUID(given) if given else None
