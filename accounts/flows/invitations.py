"""Inviting people and accepting an invitation, the owner's own first link included."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.access import require
from accounts.audit import record
from accounts.flows.creating import create_account
from accounts.flows.setup import one_owner_at_a_time, owner_exists
from accounts.models import Invitation, Role, User
from accounts.models.user import normalise_email
from accounts.tokens import hash_secret, new_link_token
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused, ValidationFailed

LIFETIME = timedelta(days=7)


def invite(*, by: User, role: str = Role.MEMBER, email: str = "") -> tuple[Invitation, str]:
    """An invitation and its one-time address. Raises PermissionRefused unless `by` manages this server."""
    require(by, "server")
    if role not in (Role.ADMINISTRATOR, Role.MEMBER, Role.VIEWER):
        raise ValidationFailed("Choose administrator, member or viewer.", field="role")
    if role == Role.ADMINISTRATOR and by.role != Role.OWNER:
        raise PermissionRefused("Only the owner invites administrators.")
    token = new_link_token()
    invitation = Invitation.objects.create(
        token_hash=hash_secret(token),
        role=role,
        email=normalise_email(email),
        created_by=by,
        expires_at=now() + LIFETIME,
    )
    record("invitation.created", actor=by, target=invitation, role=role)
    return invitation, settings.BASE_URL.rstrip("/") + reverse("accounts:invitation", args=[token])


def open_invitation(token: str) -> Invitation:
    """The invitation behind a link. Raises NotFound when it was used, withdrawn, has expired or never was."""
    invitation = Invitation.objects.filter(token_hash=hash_secret(token)).first()
    if invitation is None or not invitation.is_open(now()):
        raise NotFound("This link was used already, was withdrawn, or has expired. Ask for a new one.")
    return invitation


def accept(*, token: str, email: str, password: str, display_name: str = "") -> User:
    """The account that the link stands for. Two people with one link: the second is refused."""
    with one_owner_at_a_time():
        invitation = open_invitation(token)
        if invitation.role == Role.OWNER and owner_exists():
            raise Conflict("This server has an owner already; sign in instead.")
        if invitation.email and normalise_email(email) != invitation.email:
            raise ValidationFailed(f"This invitation is for {invitation.email}.", field="email")
        user = create_account(email=email, password=password, role=invitation.role, display_name=display_name)
        invitation.used_at, invitation.used_by = now(), user
        invitation.save(update_fields=["used_at", "used_by"])
        record("account.created", actor=user, target=user, role=user.role)
    return user


def withdraw(*, by: User, invitation_id: UUID) -> None:
    """Make an unused link of one's own worthless. Raises NotFound for any other."""
    changed = Invitation.objects.filter(id=invitation_id, created_by=by, used_at=None, revoked_at=None).update(
        revoked_at=now()
    )
    if not changed:
        raise NotFound("There is no open invitation of yours with this id.")
    record("invitation.withdrawn", actor=by, object_id=str(invitation_id))
