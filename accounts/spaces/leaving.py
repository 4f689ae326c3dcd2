"""What becomes of spaces when an account is erased: they stay with whoever else is in them, or go with the last."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.models import AccountErasure, Space, SpaceKey, SpaceOffer, SpaceRole, SpaceShare, User
from accounts.spaces.membership import members_of
from accounts.spaces.telling import tell_of_share
from accounts.spaces.wrapping import holders_of
from memshadow.lib.clock import now

_HEIRS = (SpaceRole.MANAGER, SpaceRole.EDITOR, SpaceRole.READER)


def end_access(account_id: UUID) -> None:
    """Nobody gets into the space any more, if it is one whose deletion begins."""
    SpaceKey.objects.filter(space_id=account_id).delete()
    SpaceShare.objects.filter(space_id=account_id).delete()
    SpaceOffer.objects.filter(space_id=account_id).delete()


def leave_all(account_id: UUID) -> None:
    """Take an account that is being erased out of every space.

    Where nobody is left, the space is deleted at once, for nobody can open it; where no manager is left, whoever has
    been there longest in the strongest role becomes one, and is told.
    """
    SpaceOffer.objects.filter(email__in=User.objects.filter(id=account_id).values("email")).delete()
    SpaceOffer.objects.filter(given_by_id=account_id).delete()
    spaces = Space.objects.filter(keys__owner_id=account_id) | Space.objects.filter(shares__person_id=account_id)
    for space in spaces.distinct():
        with transaction.atomic():
            Space.objects.select_for_update().get(id=space.id)
            SpaceShare.objects.filter(space=space, person_id=account_id).delete()
            SpaceKey.objects.filter(space=space, owner_id=account_id).delete()
            _hand_on(space, account_id)


def last_in(account_id: UUID) -> list[Space]:
    """The spaces that would go with this account, because nobody else is in them."""
    mine = Space.objects.filter(keys__owner_id=account_id).distinct()
    return [space for space in mine if holders_of(space.id) == {account_id}]


def _hand_on(space: Space, gone_id: UUID) -> None:
    if not holders_of(space.id):
        waiting = AccountErasure.objects.filter(account_id=space.id, state=AccountErasure.State.PENDING)
        if not waiting.update(due_at=now()):
            AccountErasure.objects.create(account_id=space.id, asked_by_id=gone_id, due_at=now())
        record("space.deletion_asked", actor=None, target=space, why="nobody is left in it")
        return
    if SpaceRole.MANAGER not in members_of(space).values():
        _promote(space)


def _promote(space: Space) -> None:
    for role in _HEIRS:
        heir = SpaceShare.objects.filter(space=space, role=role, person__is_active=True).order_by("created_at").first()
        if heir is not None and heir.person_id is not None:
            heir.role = SpaceRole.MANAGER
            heir.save(update_fields=["role"])
            record("space.role_changed", actor=None, target=space, role=heir.role, person=str(heir.person_id))
            tell_of_share(heir.person_id, space=space, role=heir.role, by=None)
            return
