"""Models that a person, or the administration for everybody, adds to those that context is prepared for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction

from accounts.audit import record
from accounts.models import User
from memories.context.formats import FORMATS
from memories.context.targets import LAYOUTS, STYLES
from memories.models import ContextTarget
from memories.models.context import TARGET_NAME_MAX_CHARS
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed

TARGETS_MAX: Final = 200
MATCH_MAX: Final = 50
SPECIAL_MAX: Final = 50
SPECIAL_MAX_CHARS: Final = 40
WINDOW_MIN, WINDOW_MAX = 256, 100_000_000
_CHOICES: Final = {
    "provider": ContextTarget.Provider.values,
    "format": ("", *FORMATS),
    "style": ("", *STYLES),
    "layout": ("", *LAYOUTS),
}
FIELDS: Final = ("name", "match", "provider", "window", "output", *_CHOICES, "special", "tokenizer", "system_role")


def add_target(*, owner: User, values: Mapping[str, Any]) -> ContextTarget:
    """A target of the owner's own. `values` by the names of FIELDS; what is left out is as its provider's are.

    Raises ValidationFailed, Conflict for a name in use or too many, and PermissionRefused for a viewer.
    """
    _may_write(owner)
    if ContextTarget.objects.filter(owner=owner).count() >= TARGETS_MAX:
        raise Conflict(f"You have {TARGETS_MAX} models of your own; remove one that you no longer use.")
    return _stored(ContextTarget(owner=owner), values)


def edit_target(*, target: ContextTarget, by: User, values: Mapping[str, Any]) -> ContextTarget:
    """Change what is given; the rest stays. Raises as `add_target` does."""
    _may_write(by)
    return _stored(target, values)


def remove_target(*, target: ContextTarget, by: User) -> None:
    """Forget it; the model is what the server's or the shipped targets say from now on."""
    _may_write(by)
    target.delete()


def note_server_target(*, action: str, target: ContextTarget, by: User) -> None:
    """Into the trail: the administration changed a target that is everybody's."""
    record(f"context_target.{action}", actor=by, target=target, name=target.name)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises ValidationFailed, which names the field, for what cannot be."""
    given = {name: value for name, value in values.items() if name in FIELDS}
    if "name" in given:
        given["name"] = _name(given["name"])
    for name in ("match", "special"):
        if name in given:
            given[name] = _listed(name, given[name])
    for name, known in _CHOICES.items():
        if given.get(name, known[0]) not in known:
            raise ValidationFailed(f"{name} is one of {', '.join(filter(None, known))}.", field=name)
    _check_numbers(given)
    _check_tokenizer(given.get("tokenizer", ""))
    return given


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > TARGET_NAME_MAX_CHARS:
        raise ValidationFailed(f"name has 1 to {TARGET_NAME_MAX_CHARS} characters.", field="name")
    return name


def _listed(name: str, items: list[str]) -> list[str]:
    """Each once, without space around it; patterns in lower case."""
    most, longest = (MATCH_MAX, TARGET_NAME_MAX_CHARS) if name == "match" else (SPECIAL_MAX, SPECIAL_MAX_CHARS)
    stripped = [item.strip() for item in items if item.strip()]
    kept = list(dict.fromkeys(item.casefold() for item in stripped) if name == "match" else dict.fromkeys(stripped))
    if len(kept) > most or any(len(item) > longest for item in kept):
        raise ValidationFailed(f"{name} holds up to {most} texts of up to {longest} characters.", field=name)
    if name == "match" and any(not pattern.strip("*?[] ") for pattern in kept):
        raise ValidationFailed("A pattern needs a letter or digit: * alone would take every model.", field=name)
    return kept


def _check_numbers(given: Mapping[str, Any]) -> None:
    window, output = given.get("window"), given.get("output")
    if window is not None and not WINDOW_MIN <= window <= WINDOW_MAX:
        raise ValidationFailed(f"window is {WINDOW_MIN:,} to {WINDOW_MAX:,} tokens.", field="window")
    if output is not None and not 1 <= output <= WINDOW_MAX:
        raise ValidationFailed(f"output is 1 to {WINDOW_MAX:,} tokens.", field="output")
    if window is not None and output is not None and output >= window:
        raise ValidationFailed("output is less than the window, of which the answer is a part.", field="output")


def _check_tokenizer(name: str) -> None:
    if len(name) > SPECIAL_MAX_CHARS or any(not (letter.isalnum() or letter in "-_.") for letter in name):
        raise ValidationFailed(
            "tokenizer is the name of a file without .json: letters, digits, - _ .", field="tokenizer"
        )


def _may_write(user: User) -> None:
    if not user.may_write:
        raise PermissionRefused("A viewer cannot change models; ask the owner for another role.")


def _stored(target: ContextTarget, values: Mapping[str, Any]) -> ContextTarget:
    """Numbers are judged together with those that stay."""
    for name, value in checked(values).items():
        setattr(target, name, value)
    _check_numbers({"window": target.window, "output": target.output})
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError:
        raise Conflict(f"You have a model called “{target.name}” already; change that one.", field="name") from None
    return target
