"""Getting a person in again who lost every second factor: an administrator's reset, or the command's."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.flows.sessions import end_other_sessions
from accounts.mail import tell
from accounts.mfa.lockout import forgive
from accounts.models import BackupSheet, Passkey, TotpDevice, User
from memshadow.lib.errors import NotFound, PermissionRefused


def reset_of_person(*, by: User, person_id: UUID) -> User:
    """Reset somebody's second factors; they sign in with the password alone, and set up new ones.

    Raises NotFound unless `by` manages this server, and PermissionRefused where an administrator would weaken the
    account of the owner or of another administrator.
    """
    person = person_or_404(by, person_id)
    if person.may_manage and not by.is_owner and person != by:
        raise PermissionRefused("Only the owner resets the second factor of an administrator.")
    reset_mfa(person=person, by=by)
    return person


def person_or_404(by: User, person_id: UUID) -> User:
    """A person of this server, for those who manage it."""
    found = User.objects.people().filter(id=person_id).first() if by.may_manage else None
    if found is None:
        raise NotFound("There is no such person on this server.")
    return found


def reset_mfa(*, person: User, by: User | None) -> int:
    """Remove every factor and code, and the lockout. Audited, and told to the person. Returns how many factors went."""
    with transaction.atomic():
        removed = 0
        for model in (TotpDevice, Passkey, BackupSheet):
            removed += model.objects.filter(owner=person).count()
            model.objects.filter(owner=person).delete()
        end_other_sessions(owner=person)  # a lost phone may be signed in
        record("mfa.reset", actor=by, target=person, removed=removed)
    forgive(name=person.email)
    tell(
        person,
        subject="Your second factor was reset",
        text=f"{by.email if by else 'The person who runs this server'} removed every authenticator app, passkey and "
        "backup code of your account. The password alone signs you in now: sign in and set up a new one. If you did "
        "not ask for this, change your password and talk to them.",
    )
    return removed
