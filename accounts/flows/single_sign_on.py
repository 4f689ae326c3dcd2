"""Whose account somebody enters whom the organisation's identity provider has signed in."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.audit import record
from accounts.flows.creating import create_account
from accounts.flows.setup import one_owner_at_a_time, owner_exists
from accounts.models import Identity, Invitation, Role, User
from accounts.models.user import normalise_email
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of a person, its signature checked."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


def person_of(claims: Claims) -> User:
    """The account of who has come this way before, or, the first time, of the verified address.

    Raises PermissionRefused for an address that the provider does not vouch for, for somebody who is not expected, and
    for an account that was closed.
    """
    with one_owner_at_a_time():
        known = Identity.objects.filter(issuer=claims.issuer, subject=claims.subject).select_related("owner").first()
        person = known.owner if known else _linked(claims)
    if not person.is_active:
        raise PermissionRefused("This account is closed. Ask the owner of this server.")
    return person


def _linked(claims: Claims) -> User:
    email = normalise_email(claims.email)
    if not email or not (claims.email_verified or settings.OIDC_TRUSTS_EMAIL):
        raise PermissionRefused(
            f"{settings.OIDC_NAME} does not say that your e-mail address is verified; have it verified there."
        )
    person = User.objects.people().filter(email=email).first() or _newcomer(email, claims.name)
    identity = Identity.objects.create(owner=person, issuer=claims.issuer, subject=claims.subject)
    record("account.identity_linked", actor=person, target=identity)
    return person


@transaction.atomic
def _newcomer(email: str, name: str) -> User:
    invitation = Invitation.objects.filter(email=email, used_at=None, revoked_at=None).exclude(role=Role.OWNER).first()
    if invitation is not None and not invitation.is_open(now()):
        invitation = None
    if invitation is None and not (settings.SSO_ACCOUNTS == "anyone" and owner_exists()):
        raise PermissionRefused(f"There is no account for {email} on this server. Ask its owner to invite you.")
    role = invitation.role if invitation else Role.MEMBER
    user = create_account(email=email, password=None, role=role, display_name=name[:120])
    if invitation is not None:
        invitation.used_at, invitation.used_by = now(), user
        invitation.save(update_fields=["used_at", "used_by"])
    record("account.created", actor=user, target=user, role=role)
    return user
