"""Who is in which space, as what, and by which share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Space, SpaceRole, SpaceShare, User
from accounts.permissions import SPACE_READERS_ONLY, permission_named
from memshadow.lib.errors import NotFound, PermissionRefused

MANAGERS_ONLY = "Only a manager of this space can do this."
_STRENGTH = {SpaceRole.READER.value: 0, SpaceRole.EDITOR.value: 1, SpaceRole.MANAGER.value: 2}


@dataclass(frozen=True, slots=True)
class Membership:
    """A person in a space, with the strongest of the roles that their shares give them."""

    space: Space
    person: User
    role: str

    def may(self, permission: str) -> bool:
        """Whether the role here and the role on the server both give a permission."""
        return self.role in permission_named(permission).in_space and self.person.may(permission)

    @property
    def is_manager(self) -> bool:
        """Says who else is in the space."""
        return self.role == SpaceRole.MANAGER

    def require(self, permission: str) -> None:
        """Raises PermissionRefused unless the role in the space gives the permission."""
        if self.role not in permission_named(permission).in_space:
            raise PermissionRefused(SPACE_READERS_ONLY)

    def require_manager(self) -> None:
        """Raises PermissionRefused for editors and readers."""
        if not self.is_manager:
            raise PermissionRefused(MANAGERS_ONLY)


def memberships_of(person: User) -> list[Membership]:
    """Every space that this person is in, by name. Two queries and one a key ring."""
    found = [Membership(share.space, person, share.role) for share in _strongest(_shares_of(person))]
    return sorted(found, key=lambda membership: (membership.space.name.casefold(), membership.space.id))


def membership_or_404(person: User, space_id: UUID) -> Membership:
    """This person in that space. Raises NotFound when there is no such space, or they are not in it."""
    for share in _strongest(_shares_of(person).filter(space_id=space_id)):
        return Membership(share.space, person, share.role)
    raise NotFound("There is no space of yours with this id.")


def members_of(space: Space) -> dict[UUID, str]:
    """The strongest role of everyone who is in a space, by id."""
    direct = SpaceShare.objects.filter(space=space, person__isnull=False).values_list("person_id", "role")
    by_group = SpaceShare.objects.filter(space=space, group__user__isnull=False).values_list("group__user", "role")
    found: dict[UUID, str] = {}
    for member_id, role in (*direct, *by_group):
        if member_id not in found or _STRENGTH[role] > _STRENGTH[found[member_id]]:
            found[member_id] = role
    return found


def shares_of(space: Space) -> list[SpaceShare]:
    """With whom a space is shared: people first, then groups, each in the order of their coming."""
    rows = list(space.shares.select_related("person", "group", "given_by").order_by("created_at", "id"))
    return sorted(rows, key=lambda share: share.person_id is None)


def share_or_404(space: Space, share_id: UUID) -> SpaceShare:
    """One share of a space."""
    found = space.shares.select_related("person", "group").filter(id=share_id).first()
    if found is None:
        raise NotFound("This space is not shared like that (any more).")
    return found


def _shares_of(person: User) -> QuerySet[SpaceShare]:
    mine = Q(person=person) | Q(group__in=person.groups.all())
    return SpaceShare.objects.filter(mine).select_related("space__owner")


def _strongest(shares: Iterable[SpaceShare]) -> list[SpaceShare]:
    best: dict[UUID, SpaceShare] = {}
    for share in shares:
        known = best.get(share.space_id)
        if known is None or _STRENGTH[share.role] > _STRENGTH[known.role]:
            best[share.space_id] = share
    return list(best.values())
