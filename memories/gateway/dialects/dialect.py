"""What every dialect tells: who said what in a request, where a block of memories goes, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person (`user`) or a model (`assistant`) said, as text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in words. `said` ends with what is asked now unless `goes_on`: then tools answered since.

    `longest`: the tokens that the answer may have; None where the request does not say.
    """

    model: str = ""
    system: str = ""
    said: tuple[Said, ...] = ()
    goes_on: bool = False
    streamed: bool = False
    previous: str = ""
    longest: int | None = None

    @property
    def prompt(self) -> str:
        """The last words of the person; empty when there are none."""
        return next((one.text for one in reversed(self.said) if one.role == "user"), "")

    @property
    def until_prompt(self) -> tuple[Said, ...]:
        """The conversation up to and with the prompt."""
        last = max((n for n, one in enumerate(self.said) if one.role == "user"), default=-1)
        return self.said[: last + 1]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in words, with the tokens that the server says it counted (None: it does not say)."""

    text: str = ""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    id: str = ""


class Dialect(Protocol):
    """One kind of request. Nothing here raises for what it cannot read: such a request passes as it is."""

    name: str
    provider: str

    def read(self, body: JsonObject) -> Asked:
        """The words of a request."""

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """The same request with the block before the person's last words; None when it has no place."""

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The words of an answer, also of one that broke off."""

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """An error of ours in the shape that this dialect's clients read."""


def texts_of(content: Any, kinds: Sequence[str]) -> str:
    """The text of a message: a string, or the parts of these kinds, one a line."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    found = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") in kinds]
    return "\n".join(text for text in found if isinstance(text, str))


def last_words(messages: Any, kinds: Sequence[str]) -> int | None:
    """Where the person's last message with text is; None when there is none."""
    if not isinstance(messages, list):
        return None
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if isinstance(message, dict) and message.get("role") == "user" and texts_of(message.get("content"), kinds):
            return place
    return None


def preceded(content: Any, block: str, kind: str, kinds: Sequence[str]) -> Any:
    """A message's content with the block before its first text; other parts stay where they are."""
    if isinstance(content, str):
        return f"{block}\n\n{content}"
    parts = list(content)
    first = next(n for n, part in enumerate(parts) if isinstance(part, dict) and part.get("type") in kinds)
    return [*parts[:first], {"type": kind, "text": block}, *parts[first:]]


def replaced(body: JsonObject, name: str, place: int, message: JsonObject) -> JsonObject:
    """The body with one entry of a list replaced; nothing else is copied or changed."""
    entries = list(body[name])
    entries[place] = message
    return {**body, name: entries}


def whole(value: Any) -> int | None:
    """A count of tokens, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text_in(value: Any) -> str:
    """The text, or nothing."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


Load = Callable[[bytes], Any]


def events(content: bytes, load: Load) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a stream of server-sent events; a last half line and the like are left out."""
    for line in content.splitlines():
        if line.startswith(b"data:"):
            try:
                found = load(line[5:].strip())
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found
