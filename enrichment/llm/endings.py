"""What comes of a question to a language model: an answer, or one of the ways in which there is none."""

from __future__ import annotations

from dataclasses import dataclass

from memshadow.lib.errors import MemshadowError


@dataclass(frozen=True, slots=True)
class Answer:
    """The words, and the tokens that were read and written; None where the server does not count."""

    text: str
    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None


class LlmTrouble(MemshadowError):
    """The model gave nothing that can be used. `said` is what the server said of it, which may quote the memory."""

    status = 502
    code = "model-failed"
    ending = "failed"
    is_final = False

    def __init__(self, message: str, *, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class NotNow(LlmTrouble):
    """The day's budget is used up, or the server rests."""

    code = "not-now"
    ending = "limited"

    def __init__(self, message: str, *, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ServerLimits(NotNow):
    """The server wants to be asked later."""


class ServerFailed(NotNow):
    """The server cannot be reached, or says that it is broken."""

    ending = "failed"


class TimedOut(NotNow):
    """The server did not answer in time."""

    ending = "timed-out"


class Refused(LlmTrouble):
    """The model does not want to, or the server does not take the question."""

    ending = "refused"
    is_final = True


class Malformed(LlmTrouble):
    """The answer is not in the form asked for, also when asked again."""

    ending = "malformed"
    is_final = True


class Empty(LlmTrouble):
    """The model answered nothing."""

    ending = "empty"
    is_final = True
