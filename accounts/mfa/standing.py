"""How a person stands with the second factor: whether they have one, and whether they must."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from accounts.models import Passkey, ServerPolicy, TotpDevice, User


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sign-in and the gate decide by."""

    has_factor: bool
    is_required: bool

    @property
    def must_set_up(self) -> bool:
        """Nothing else is open until they have one."""
        return self.is_required and not self.has_factor


def standing_of(user: User) -> Standing:
    """Two queries. Backup codes alone are no second factor."""
    return Standing(has_factor=has_factor(user.id), is_required=is_required_of(user))


def has_factor(owner_id: UUID) -> bool:
    """Whether there is an app or a passkey."""
    apps = TotpDevice.objects.filter(owner_id=owner_id, confirmed=True).values("id")
    return apps.union(Passkey.objects.filter(owner_id=owner_id).values("id")).exists()


def is_required_of(user: User) -> bool:
    """What the server's policy says of this person."""
    return required_by(mfa_required(), user)


def required_by(wanted: str, user: User) -> bool:
    """What a policy means for this person."""
    if wanted == ServerPolicy.MfaRequired.STAFF:
        return user.is_staff or user.may_manage
    return wanted == ServerPolicy.MfaRequired.EVERYONE


def mfa_required() -> str:
    """Of whom the server requires a second factor: one of ServerPolicy.MfaRequired."""
    found = ServerPolicy.objects.values_list("mfa_required", flat=True).first()
    return found or ServerPolicy.MfaRequired.NOBODY.value


def is_verified(user: User | AnonymousUser) -> bool:
    """Whether this session has shown the second factor. `user` is a request's."""
    return getattr(user, "otp_device", None) is not None
