"""Whose account somebody enters whom the organisation's identity provider or directory has signed in."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from accounts.audit import record
from accounts.flows.creating import create_account
from accounts.flows.setup import one_owner_at_a_time, owner_exists
from accounts.models import Identity, Invitation, Role, User
from accounts.models.user import normalise_email
from memshadow.lib.clock import now
from memshadow.lib.errors import PermissionRefused

_REFUSAL = "sign_in_refusal"


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of a person, its signature checked."""

    issuer: str
    provider: str  # what people call it
    subject: str
    email: str
    email_verified: bool
    name: str
    opens_accounts: bool = True  # whether its word on an address is enough to enter the account that has it


def person_of(claims: Claims) -> User:
    """The account of who has come this way before, or, the first time, of the verified address.

    Raises PermissionRefused for an address that the provider does not vouch for (well enough), for somebody who is not
    expected, and for an account that was closed.
    """
    with one_owner_at_a_time():
        known = Identity.objects.filter(issuer=claims.issuer, subject=claims.subject).select_related("owner").first()
        person = known.owner if known else _linked(claims)
    if not person.is_active:
        raise PermissionRefused("This account is closed. Ask the owner of this server.")
    return person


def _linked(claims: Claims) -> User:
    email = normalise_email(claims.email)
    if not email or not claims.email_verified:
        raise PermissionRefused(
            f"{claims.provider} does not say that your e-mail address is verified; have it verified there."
        )
    person = User.objects.people().filter(email=email).first()
    if person is not None and not claims.opens_accounts:
        raise PermissionRefused(
            f"{email} has an account here with a password of its own; sign in with that, or ask who runs this server."
        )
    person = person or _newcomer(email, claims.name)
    identity = Identity.objects.create(owner=person, issuer=claims.issuer, subject=claims.subject)
    record("account.identity_linked", actor=person, target=identity)
    return person


def directory_issuer() -> str:
    """What stands for the directory: its base, for servers move. Empty without one."""
    return f"ldap:{settings.LDAP_SEARCH_BASE}" if settings.LDAP_URL else ""


def uses_directory(user: User) -> bool:
    """Whether this person signs in with the directory's password."""
    return bool(settings.LDAP_URL) and Identity.objects.filter(owner=user, issuer=directory_issuer()).exists()


def note_refusal(request: HttpRequest | None, reason: str) -> None:
    """Keep, for whoever answers this request, why a password that was right elsewhere opens nothing here."""
    if request is not None:
        setattr(request, _REFUSAL, reason)


def refusal_of(request: HttpRequest | None) -> str:
    """What was noted, or nothing: then the password was wrong."""
    return str(getattr(request, _REFUSAL, ""))


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
