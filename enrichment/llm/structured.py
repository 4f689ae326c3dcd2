"""An answer in the form asked for: found in what the model wrote, checked, and asked for once more where it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from enrichment.llm.endings import Answer, Malformed, Refused

T = TypeVar("T", bound=BaseModel)
Ask = Callable[[str], Answer]
_FENCE: Final = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_REFUSAL: Final = re.compile(
    r"^\W*(?:I(?:'m| am) (?:sorry|unable|not able)|sorry|I (?:can(?:'|no)?t|won't|must decline)|as an ai)\b",
    re.IGNORECASE,
)
_SHOWN: Final = 1_500


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """The checked value, every answer that was given, and whether it had to be asked for again."""

    value: T
    answers: tuple[Answer, ...]
    repaired: bool = False


class NotInForm(Malformed):
    """The answers that could not be used."""

    def __init__(self, message: str, answers: tuple[Answer, ...]) -> None:
        super().__init__(message)
        self.answers = answers


class Declined(Refused):
    """The answer is a refusal."""

    def __init__(self, message: str, answers: tuple[Answer, ...]) -> None:
        super().__init__(message)
        self.answers = answers


def structured(ask: Ask, prompt: str, form: type[T]) -> Structured[T]:
    """Ask, and once more with what is wrong. Raises NotInForm, Declined, and what `ask` raises."""
    first = ask(prompt)
    value, wrong = _checked(first.text, form)
    if value is not None:
        return Structured(value, (first,))
    if _REFUSAL.match(first.text):
        raise Declined("The model refuses.", (first,))
    again = ask(f"{prompt}\n\n{_repair(first.text, wrong)}")
    value, wrong = _checked(again.text, form)
    if value is not None:
        return Structured(value, (first, again), repaired=True)
    raise NotInForm("The model's answer is not in the form asked for, also when asked again.", (first, again))


def _repair(text: str, wrong: str) -> str:
    return (
        f"Your last answer could not be used: {wrong}\nIt began:\n{text[:_SHOWN]}\n\n"
        "Answer again with one JSON object of the form above, and nothing else."
    )


def _checked(text: str, form: type[T]) -> tuple[T | None, str]:
    """The value, or what is wrong."""
    wrong = "there is no JSON object in it."
    for found in _objects(text):
        try:
            return form.model_validate(found), ""
        except ValidationError as error:
            first = error.errors()[0]
            wrong = f"{'.'.join(map(str, first['loc'])) or 'the object'}: {first['msg']}."
    return None, wrong


def _objects(text: str) -> Iterator[object]:
    """JSON objects in what a model wrote: all of it, between fences, or from the first brace."""
    candidates = [text.strip(), *(match.strip() for match in _FENCE.findall(text))]
    for one in candidates:
        try:
            yield json.loads(one)
        except (ValueError, RecursionError):
            continue
    begin = text.find("{")
    if begin >= 0:
        try:
            yield json.JSONDecoder().raw_decode(text, begin)[0]
        except (ValueError, RecursionError):
            return
