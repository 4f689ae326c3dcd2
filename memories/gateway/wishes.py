"""What a client asks of the gateway in headers of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest

from memories.context import AUTO
from memories.gateway.refusals import GatewayRefused


class Memory(StrEnum):
    """What memory does this time."""

    ON = "on"
    OFF = "off"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Persona and conversation by name or id, as given; empty when they are not."""

    memory: Memory = Memory.ON
    persona: str = ""
    conversation: str = ""
    strategy: str = AUTO
    budget: int | None = None
    upstream: str = ""

    @property
    def reads(self) -> bool:
        """Whether memories go into the prompt."""
        return self.memory in (Memory.ON, Memory.READ)

    @property
    def writes(self) -> bool:
        """Whether the chat is remembered."""
        return self.memory in (Memory.ON, Memory.WRITE)


def wishes_of(request: HttpRequest) -> Wishes:
    """From X-Memshadow-… headers. Raises GatewayRefused for what is not understood."""
    return Wishes(
        memory=_memory(_given(request, "Memory").lower()),
        persona=_given(request, "Persona"),
        conversation=_given(request, "Conversation"),
        strategy=_given(request, "Strategy").lower() or AUTO,
        budget=_budget(_given(request, "Budget")),
        upstream=_given(request, "Upstream"),
    )


def _given(request: HttpRequest, name: str) -> str:
    value = request.headers.get(f"X-Memshadow-{name}", "").strip()
    if len(value) > 200:
        raise GatewayRefused(f"X-Memshadow-{name} has at most 200 characters.")
    return value


def _memory(word: str) -> Memory:
    try:
        return Memory(word or Memory.ON)
    except ValueError:
        raise GatewayRefused(f"X-Memshadow-Memory is one of {', '.join(Memory)}.") from None


def _budget(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise GatewayRefused("X-Memshadow-Budget is a number of tokens.")
    return int(text)
