"""What every page knows of the spaces: in which one it is, what may be done there, and where else one can go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.spaces.acting import acting_in, own_prefix_of
from accounts.spaces.membership import Membership, memberships_of
from memshadow.lib.errors import NotFound

_OWN = "My own"


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go: one's own memories, or a space."""

    name: str
    url: str
    is_current: bool


class Acting:
    """Asked by templates, and only then of the database."""

    def __init__(self, request: HttpRequest, person: User) -> None:
        self._request, self._person = request, person

    @cached_property
    def space(self) -> Membership | None:
        """The person in the space that this page is of; None on pages of their own, and where they are refused."""
        try:
            return acting_in(self._request, self._person)
        except NotFound:
            return None

    @property
    def may_write(self) -> bool:
        """Whether forms that change memories are shown."""
        return self.space.may("memories:write") if self.space else self._person.may_write

    @property
    def here(self) -> str:
        """Where this page is, in a word or two."""
        return self.space.space.name if self.space else _OWN

    @cached_property
    def places(self) -> list[Place]:
        """One's own and the spaces by name; empty for who is in no space."""
        own, found = own_prefix_of(self._request), memberships_of(self._person)
        here = self.space.space.id if self.space else None
        spaces = [Place(m.space.name, f"{own}in/{m.space.id}/", m.space.id == here) for m in found]
        return [Place(_OWN, own, here is None), *spaces] if spaces else []


def acting(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `acting`, for whom the page is."""
    person = getattr(request, "user", None)
    return {"acting": Acting(request, person)} if isinstance(person, User) else {}
