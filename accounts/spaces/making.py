"""Making, renaming and deleting a space."""

from __future__ import annotations

import unicodedata

from django.db import IntegrityError, transaction

from accounts.access import require
from accounts.audit import record
from accounts.flows.erasing import GRACE
from accounts.models import AccountErasure, Kind, Role, Space, SpaceRole, SpaceShare, User
from accounts.spaces.membership import Membership, members_of
from accounts.spaces.telling import tell_of_end
from accounts.spaces.wrapping import make_keys
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, ValidationFailed
from memshadow.lib.ids import new_id

NAME_MAX_CHARS = 80
SPACES_MAX = 100
_State = AccountErasure.State
_OPEN = (_State.PENDING, _State.RUNNING)


def create_space(*, by: User, name: str) -> Membership:
    """A new space with its own keys, whose manager is `by`.

    Raises PermissionRefused for viewers, ValidationFailed for a bad name, and Conflict beyond 100 spaces a person.
    """
    require(by, "memories:write")
    name = checked_name(name)
    if SpaceShare.objects.filter(person=by, role=SpaceRole.MANAGER).count() >= SPACES_MAX:
        raise Conflict(f"You manage {SPACES_MAX} spaces; delete one that you do not need first.")
    with transaction.atomic():
        space = Space(id=new_id())
        space.owner = _principal(space, by)
        space.save(force_insert=True)
        make_keys(space.id, by.id)
        space.name = name
        space.save(update_fields=["name_sealed"])
        SpaceShare.objects.create(space=space, person=by, role=SpaceRole.MANAGER, given_by=by)
        record("space.created", actor=by, target=space)
    return Membership(space, by, SpaceRole.MANAGER)


def rename_space(*, manager: Membership, name: str) -> None:
    """Give a space another name. Raises PermissionRefused and ValidationFailed."""
    manager.require_manager()
    manager.space.name = checked_name(name)
    with transaction.atomic():
        manager.space.save(update_fields=["name_sealed"])
        record("space.renamed", actor=manager.person, target=manager.space)


def delete_space(*, manager: Membership) -> AccountErasure:
    """Have a space deleted with everything in it after the grace period; until then everything works.

    Raises PermissionRefused, and Conflict when it was asked for before.
    """
    manager.require_manager()
    erasure = AccountErasure(account_id=manager.space.id, asked_by_id=manager.person.id, due_at=now() + GRACE)
    try:
        with transaction.atomic():
            erasure.save(force_insert=True)
            due_at = erasure.due_at.isoformat()
            record("space.deletion_asked", actor=manager.person, target=manager.space, due_at=due_at)
            for member_id in members_of(manager.space):
                if member_id != manager.person.id:
                    why = f"its manager has it deleted on {erasure.due_at:%-d %B %Y}; until then it can be read."
                    tell_of_end(member_id, space=manager.space, why=why)
    except IntegrityError as error:
        raise Conflict("This space is going to be deleted already; cancel that to keep it.") from error
    return erasure


def keep_space(*, manager: Membership) -> None:
    """Cancel the deletion. Raises PermissionRefused, and Conflict when none waits and when it has begun."""
    manager.require_manager()
    with transaction.atomic():
        waiting = AccountErasure.objects.select_for_update().filter(account_id=manager.space.id, state__in=_OPEN)
        erasure = waiting.first()
        if erasure is None:
            raise Conflict("This space is not going to be deleted.")
        if erasure.state == _State.RUNNING:
            raise Conflict("The deletion has begun; nothing is left to keep.")
        erasure.state, erasure.finished_at = _State.CANCELLED, now()
        erasure.save(update_fields=["state", "finished_at"])
        record("space.deletion_cancelled", actor=manager.person, target=manager.space)


def deletion_of(space: Space) -> AccountErasure | None:
    """The deletion that waits for this space, if any."""
    return AccountErasure.objects.filter(account_id=space.id, state__in=_OPEN).first()


def checked_name(name: str) -> str:
    """One line. Raises ValidationFailed."""
    name = " ".join(unicodedata.normalize("NFC", name.replace("\x00", "")).split())
    if not name or len(name) > NAME_MAX_CHARS:
        raise ValidationFailed(f"Give the space a name of 1 to {NAME_MAX_CHARS} characters.", field="name")
    return name


def _principal(space: Space, by: User) -> User:
    """What owns the space's memories: no password, never active, at an address that no mail can reach (RFC 2606)."""
    principal = User(
        id=space.id,
        email=f"{space.id}@space.invalid",
        kind=Kind.SPACE,
        role=Role.MEMBER,
        is_active=False,
        secret_policy=by.secret_policy,
    )
    principal.set_unusable_password()
    principal.save(force_insert=True)
    return principal
