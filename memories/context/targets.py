"""The models that a context is prepared for: a shipped file, the server's and a person's own entries before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml
from django.db.models import Q

from accounts.models import User
from memories.models import ContextTarget

_FILE: Final = Path(__file__).parent / "targets.yaml"
_MODEL_CHARS: Final = 200
STYLES: Final = ("markdown", "xml", "plain")
LAYOUTS: Final = ("detailed", "natural")
SHIPPED, SERVER, OWN = "shipped", "server", "yours"


@dataclass(frozen=True, slots=True)
class Target:
    """A model, or a family of them, as a reader of context.

    `match`: names and patterns in lower case. `window` and `output` in tokens. `format`: of messages; `style`: how the
    block is written; `layout`: detailed or natural. `special`: texts that its templates give a meaning. `tokenizer`:
    name of one that may be installed. `origin`: yours, server or shipped. `known`: False for the safe default. `id`: of
    the row, if it is one.
    """

    name: str
    provider: str
    match: tuple[str, ...] = ()
    window: int = 8192
    output: int = 2048
    format: str = "openai-chat"
    style: str = "plain"
    layout: str = "natural"
    special: tuple[str, ...] = ()
    tokenizer: str = ""
    system_role: bool = True
    origin: str = SHIPPED
    known: bool = True
    id: UUID | None = None


def target_for(owner: User, model: str) -> Target:
    """The target of a model's name, or the safe default with `known` False.

    A person's own entry that fits decides, then one of the server's, then the file's.
    """
    rows = ContextTarget.objects.filter(Q(owner=owner) | Q(owner=None)) if model.strip() else []
    added = [of_row(row) for row in rows]
    for origin in (OWN, SERVER):
        if found := matching(model, [target for target in added if target.origin == origin]):
            return found
    return matching(model, shipped()) or unknown()


def targets_for(owner: User) -> list[Target]:
    """Every target that there is for a person: their own, the server's, then the file's."""
    rows = [of_row(row) for row in ContextTarget.objects.filter(Q(owner=owner) | Q(owner=None)).order_by("name", "id")]
    return [*sorted(rows, key=lambda target: target.origin != OWN), *shipped()]


def of_row(row: ContextTarget) -> Target:
    """The target that a row describes; what it leaves out is as its provider's are."""
    names = ("window", "output", "format", "style", "layout", "special", "tokenizer")
    given = {name: getattr(row, name) for name in names if getattr(row, name)}
    own = {"name": row.name, "match": [pattern.casefold() for pattern in row.match], "system_role": row.system_role}
    origin = OWN if row.owner_id else SERVER
    return _target({"provider": row.provider, **given, **own, "origin": origin, "id": row.id})


def matching(model: str, targets: Sequence[Target]) -> Target | None:
    """The target whose name or longest pattern fits; of equal ones the first."""
    for name in _names(model):
        found = max(targets, key=lambda target: _fit(target, name), default=None)
        if found is not None and _fit(found, name) > 0:
            return found
    return None


@lru_cache(maxsize=1)
def shipped() -> tuple[Target, ...]:
    """The targets of the file."""
    return tuple(_target(entry) for entry in _read()["targets"])


@lru_cache(maxsize=1)
def unknown() -> Target:
    """What a model that nobody knows gets."""
    return _target({**_read()["default"], "known": False})


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return read


def _target(entry: dict[str, Any]) -> Target:
    given = {**_read()["providers"][entry["provider"]], **entry}
    lists = {name: tuple(given.get(name, ())) for name in ("match", "special")}
    known = {field.name for field in fields(Target)}
    return Target(**{name: value for name, value in {**given, **lists}.items() if name in known})


def _names(model: str) -> Iterable[str]:
    """The name as given, then without what vendors and routers put around it: 'openai/', 'us.anthropic.', ':latest'."""
    name = model.strip().casefold()[:_MODEL_CHARS]
    yield name
    bare = name.rsplit("/", 1)[-1]
    if bare != name:
        yield bare
    for vendor in ("anthropic.", "meta.", "mistral.", "openai.", "google.", "amazon.", "cohere.", "deepseek."):
        if vendor in bare:
            yield bare.rsplit(vendor, 1)[-1]


def _fit(target: Target, name: str) -> int:
    """How well it fits: the characters of its longest pattern that does, a whole name before a pattern; 0: not."""
    return max((_fitting(pattern, name) for pattern in (target.name.casefold(), *target.match)), default=0)


def _fitting(pattern: str, name: str) -> int:
    if pattern == name:
        return len(pattern) + 1
    return len(pattern.replace("*", "")) if "*" in pattern and fnmatchcase(name, pattern) else 0
