"""Sharing a space with a person or a group, changing a role, taking it back, and leaving."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import keys
from accounts.audit import record
from accounts.flows.rotating import begin_rotation
from accounts.models import Space, SpaceRole, SpaceShare, User
from accounts.models.user import normalise_email
from accounts.spaces.membership import Membership, members_of, share_or_404
from accounts.spaces.telling import tell_of_end, tell_of_share
from accounts.spaces.wrapping import hold_only
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed
from memshadow.lib.row_wall import outside_the_wall

LAST_MANAGER = "A space needs a manager. Make somebody else a manager first, or delete the space."
SHARES_MAX = 200


def share_with_person(*, manager: Membership, email: str, role: str) -> SpaceShare:
    """Let a person in, who is told. Raises PermissionRefused, ValidationFailed, NotFound and Conflict.

    Only somebody with an account on this server can be let in.
    """
    manager.require_manager()
    _check_role(role, SpaceRole.values)
    person = User.objects.people().filter(email=normalise_email(email), is_active=True).first()
    if person is None:
        message = "Nobody on this server has this address. Ask its owner to invite them first."
        raise NotFound(message, field="email")
    return _share(manager, SpaceShare(space=manager.space, person=person, role=role, given_by=manager.person))


def share_with_group(*, manager: Membership, group_id: int, role: str) -> SpaceShare:
    """Let everybody in a group in, those too who join it later. Raises as `share_with_person`."""
    manager.require_manager()
    _check_role(role, [SpaceRole.READER, SpaceRole.EDITOR])
    group = groups_for(manager.person).filter(id=group_id).first()
    if group is None:
        raise NotFound("You are in no such group.", field="group")
    return _share(manager, SpaceShare(space=manager.space, group=group, role=role, given_by=manager.person))


def groups_for(person: User) -> QuerySet[Group]:
    """The groups that this person can share with: their own, and all for who manages the server's people."""
    groups = Group.objects.order_by("name")
    return groups if person.may_manage else groups.filter(user=person)


def change_role(*, manager: Membership, share_id: UUID, role: str) -> SpaceShare:
    """Give a person or group another role. Raises PermissionRefused, NotFound, ValidationFailed and Conflict."""
    manager.require_manager()
    with transaction.atomic():
        share = _locked(manager.space, share_id)
        _check_role(role, SpaceRole.values if share.person else [SpaceRole.READER, SpaceRole.EDITOR])
        if share.role == role:
            return share
        if role != SpaceRole.MANAGER:
            _keep_a_manager(share)
        before, share.role = members_of(manager.space), role
        share.save(update_fields=["role"])
        record("space.role_changed", actor=manager.person, target=manager.space, role=role, **_with(share))
        _settle(manager.space, before, by=manager.person)
    return share


def unshare(*, manager: Membership, share_id: UUID, renew_key: bool = False) -> None:
    """Take a share back; who is in the space by no other loses their copy of its keys and is told.

    With `renew_key` everything in the space is encrypted again under a new key, so that an old backup with their copy
    opens nothing that the database holds from then on. Raises PermissionRefused, NotFound, and Conflict for the last
    manager.
    """
    manager.require_manager()
    with transaction.atomic():
        share = _locked(manager.space, share_id)
        _end(share, by=manager.person, action="space.unshared")
        if renew_key:
            Space.objects.filter(id=manager.space.id).update(renewal_due=True)
            renew_key_of(manager.space, by=manager.person)


def renew_key_of(space: Space, *, by: User | None = None) -> bool:
    """Begin to encrypt everything in a space again; False while that still goes on for an earlier key.

    Then it stays due, and `tend_spaces` comes back to it: nobody stays in a space because of that.
    """
    try:
        with outside_the_wall(), transaction.atomic():  # the space's, not the manager's
            begin_rotation(owner=space.owner, by=by)
            Space.objects.filter(id=space.id).update(renewal_due=False)
    except Conflict:
        return False
    return True


def leave(*, member: Membership) -> None:
    """Leave a space. Raises Conflict for the last manager, and for who is in it by a group."""
    with transaction.atomic():
        share = SpaceShare.objects.select_related("person").filter(space=member.space, person=member.person).first()
        if share is None:
            raise Conflict("You are in this space because of a group; its administrator can take you out of it.")
        _end(_locked(member.space, share.id), by=member.person, action="space.left")


def settle_space(space: Space) -> tuple[set[UUID], set[UUID]]:
    """Bring the copies of a space's keys to who is in it by its shares; returns who got one and who lost theirs."""
    given, taken = hold_only(space.id, members_of(space))
    keys.forget(space.id)
    return given, taken


def _share(manager: Membership, share: SpaceShare) -> SpaceShare:
    space = manager.space
    if space.shares.count() >= SHARES_MAX:
        raise Conflict(f"A space is shared with at most {SHARES_MAX} people and groups; share it with a group.")
    before = members_of(space)
    try:
        with transaction.atomic():
            share.save(force_insert=True)
            record("space.shared", actor=manager.person, target=space, role=share.role, **_with(share))
            _settle(space, before, by=manager.person)
    except IntegrityError as error:
        raise Conflict("They are in this space already; change their role there.") from error
    return share


def _end(share: SpaceShare, *, by: User, action: str) -> None:
    _keep_a_manager(share)
    space, before = share.space, members_of(share.space)
    with_whom = _with(share)
    share.delete()
    record(action, actor=by, target=space, **with_whom)
    _settle(space, before, by=by)


def _settle(space: Space, before: dict[UUID, str], *, by: User) -> None:
    """Copies of the keys, and word to whom something changed for."""
    settle_space(space)
    after = members_of(space)
    for member_id, role in after.items():
        if before.get(member_id) != role:
            tell_of_share(member_id, space=space, role=role, by=by)
    for member_id in before.keys() - after.keys() - {by.id}:
        tell_of_end(member_id, space=space, why="its manager took it back.")


def _locked(space: Space, share_id: UUID) -> SpaceShare:
    """The share; the locked space makes two changes at once wait for each other."""
    Space.objects.select_for_update().get(id=space.id)
    return share_or_404(space, share_id)


def _keep_a_manager(share: SpaceShare) -> None:
    if share.role != SpaceRole.MANAGER:
        return
    others = SpaceShare.objects.filter(space_id=share.space_id, role=SpaceRole.MANAGER, person__is_active=True)
    if not others.exclude(id=share.id).exists():
        raise Conflict(LAST_MANAGER)


def _check_role(role: str, known: list[str]) -> None:
    if role not in known:
        raise ValidationFailed(f"role is one of {', '.join(known)}.", field="role")


def _with(share: SpaceShare) -> dict[str, str]:
    if share.person is not None:
        return {"person": str(share.person_id), "email": share.person.email}
    return {"group": str(share.group_id)}
