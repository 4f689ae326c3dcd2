"""Who may do what: the one table of permissions, with the roles that have each and the scope that lends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

OWNER, ADMINISTRATOR, MEMBER, VIEWER = "owner", "administrator", "member", "viewer"
_MANAGERS = frozenset({OWNER, ADMINISTRATOR})
_WRITERS = frozenset({*_MANAGERS, MEMBER})
_EVERYBODY = frozenset({*_WRITERS, VIEWER})
SPACE_MANAGER, SPACE_EDITOR, SPACE_READER = "manager", "editor", "reader"
_SPACE_EDITORS = frozenset({SPACE_MANAGER, SPACE_EDITOR})
_SPACE_MEMBERS = frozenset({*_SPACE_EDITORS, SPACE_READER})

SCOPES = {
    "memories:read": "Read and search memories",
    "memories:write": "Add and change memories",
    "memories:delete": "Delete memories, and what they are sorted by",
    "enrich": "Have memories enriched",
    "export": "Download memories as a file",
    "gateway": "Talk to language models through this server",
    "admin": "Manage keys, this account and, with the role for it, the server",
}
"""What a program can be given, in plain words. A key or token carries some of these, or wildcards."""

WILDCARDS = {"memories:*": "Everything about memories", "*": "Everything, what is added later too"}
ALIASES = {
    "read": ("memories:read",),
    "write": ("memories:read", "memories:write", "memories:delete", "enrich", "export"),
}
"""Short names of the first releases, accepted where scopes are given and stored in full."""

SPACE_READERS_ONLY = "In this space you can only read; ask its manager for the role of an editor."
READERS_ONLY = "A viewer can only read; ask the owner of this server for another role."
MANAGERS_ONLY = "Only the owner or an administrator can do this."


@dataclass(frozen=True, slots=True)
class Permission:
    """Which roles have it, which scope lends it to a program (empty: any), and what the others are told.

    `in_space` are the roles that have it in a space, beside their role on the server. Empty: it is about the person or
    the server, and means that wherever the person is.
    `over_all`: what it is for reaches rows of other people, so that row security does not stand under it.
    """

    roles: frozenset[str]
    scope: str
    refusal: str = READERS_ONLY
    in_space: frozenset[str] = frozenset()
    over_all: bool = False


PERMISSIONS = {
    "any": Permission(_EVERYBODY, "", in_space=_SPACE_MEMBERS),
    "memories:read": Permission(_EVERYBODY, "memories:read", in_space=_SPACE_MEMBERS),
    "memories:write": Permission(_WRITERS, "memories:write", in_space=_SPACE_EDITORS),
    "memories:delete": Permission(_WRITERS, "memories:delete", in_space=_SPACE_EDITORS),
    "enrich": Permission(_WRITERS, "enrich", in_space=_SPACE_EDITORS),
    "export": Permission(_EVERYBODY, "export", in_space=_SPACE_MEMBERS),
    "gateway": Permission(_WRITERS, "gateway"),
    "account": Permission(_EVERYBODY, "admin"),
    "server": Permission(_MANAGERS, "admin", MANAGERS_ONLY, over_all=True),
}
"""`account` is one's own profile, sign-in and keys; `server` is people, models and everything that all share."""


def permission_named(name: str) -> Permission:
    """A row of the table. Raises KeyError when the code asks for one that it does not have."""
    return PERMISSIONS[name]


def scopes_of_role(role: str) -> frozenset[str]:
    """The scopes that a person of this role can use and hand out."""
    return frozenset(known.scope for known in PERMISSIONS.values() if role in known.roles and known.scope)


def carried(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes that these names stand for: `memories:*` and `*` are read as what there is today."""
    return frozenset(name for given in scopes for name in SCOPES if _covers(given, name))


def in_full(scopes: Iterable[str]) -> list[str]:
    """The names as they are stored: each once, in order, short names written out."""
    return sorted({name for given in scopes for name in ALIASES.get(given, (given,))})


def _covers(given: str, name: str) -> bool:
    return given == name or (given.endswith("*") and name.startswith(given[:-1]))
