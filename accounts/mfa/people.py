"""Everybody on the server, as those who manage it see them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts.mfa.standing import mfa_required, required_by
from accounts.models import Passkey, TotpDevice, User
from memshadow.lib.paging import Page, paginate

_PAGE = 50


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the page."""

    person: User
    has_factor: bool
    must_set_up: bool
    can_reset: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people, the newest first."""

    rows: list[PersonRow]
    newer_url: str | None
    older_url: str | None


def people_page(*, by: User, cursor: str | None) -> PeoplePage:
    """Fifty people, with what `by` may do for each. Three queries."""
    apps = TotpDevice.objects.filter(owner=OuterRef("pk"), confirmed=True)
    keys = Passkey.objects.filter(owner=OuterRef("pk"))
    everyone = User.objects.people().annotate(has_factor=Exists(apps) | Exists(keys))
    page: Page[User] = paginate(everyone, cursor=cursor, limit=_PAGE)
    required = mfa_required()
    rows = [_row(by, person, required) for person in page.items]
    return PeoplePage(rows, _url(page.previous_cursor), _url(page.next_cursor))


def _url(cursor: str | None) -> str | None:
    return f"?cursor={cursor}" if cursor else None


def _row(by: User, person: User, required: str) -> PersonRow:
    must = required_by(required, person)
    has_factor = bool(person.has_factor)  # type: ignore[attr-defined]
    may_reset = by.is_owner or not person.may_manage or person == by
    return PersonRow(person, has_factor, must and not has_factor, has_factor and may_reset)
