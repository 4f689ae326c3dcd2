"""What agents are offered: tools, resources and prompts, declared once and served by every transport of MCP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from accounts.models import User
from accounts.permissions import permission_named
from accounts.scopes import Access
from memshadow.lib.strict import StrictModel

_READING = ("any", "memories:read")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom an agent acts for: what it may do, and this server's address, with which links for people begin."""

    access: Access
    address: str

    @property
    def owner(self) -> User:
        """Whose memories are read and changed."""
        return self.access.owner


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that an agent can call. `run` takes the checked arguments and raises MemshadowError.

    `permission` is a row of accounts/permissions.py. `destroys`: what it changes is not merely added to. `repeatable`:
    calling it again with the same arguments changes nothing more.
    """

    name: str
    title: str
    about: str
    permission: str
    takes: type[StrictModel]
    gives: type[BaseModel]
    run: Callable[[Caller, Any], BaseModel]
    destroys: bool = False
    repeatable: bool = False

    def __post_init__(self) -> None:
        """Raises KeyError for a permission that does not exist."""
        permission_named(self.permission)

    @property
    def reads_only(self) -> bool:
        """Whether it changes nothing."""
        return self.permission in _READING


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that an agent, or the person in front of it, can attach. `{name}` in `uri` is passed to `read`."""

    uri: str
    name: str
    title: str
    about: str
    permission: str
    read: Callable[..., str]

    def __post_init__(self) -> None:
        """Raises KeyError for a permission that does not exist."""
        permission_named(self.permission)


@dataclass(frozen=True, slots=True)
class Listed:
    """One resource that a person has: the filled-in address and what it is called."""

    uri: str
    name: str
    title: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """What a prompt asks of the person who picks it."""

    name: str
    about: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Prompt:
    """A message that a person can have prepared; `make` takes the arguments by name and raises MemshadowError."""

    name: str
    title: str
    about: str
    permission: str
    arguments: tuple[Argument, ...]
    make: Callable[[Caller, Mapping[str, str]], str]

    def __post_init__(self) -> None:
        """Raises KeyError for a permission that does not exist."""
        permission_named(self.permission)
