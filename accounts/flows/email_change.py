"""Changing one's e-mail address: both addresses confirm, and the old one can undo it for a week."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.urls import reverse

from accounts.audit import record
from accounts.flows.sessions import end_other_sessions
from accounts.mail import send_written
from accounts.models import EmailChange, User
from accounts.models.user import normalise_email
from accounts.tokens import hash_secret, new_link_token
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, ValidationFailed

_INVALID = "This link does not work: it was withdrawn, undone, or is too old. Ask for the change again if you want it."
_TAKEN = "An account with the new address exists by now, so this one keeps its old address."


def ask_for_email_change(*, owner: User, new_email: str) -> EmailChange:
    """Mail a link to both addresses; a change that was asked for before is withdrawn. Raises ValidationFailed.

    Whether another account has the new address is told to that address only.
    """
    new = _checked(owner, new_email)
    old_token, new_token = new_link_token(), new_link_token()
    with transaction.atomic():
        waiting_change_of(owner, every=True).update(undone_at=now())
        change = EmailChange.objects.create(
            owner=owner,
            old_email=owner.email,
            new_email=new,
            old_token_hash=hash_secret(old_token),
            new_token_hash=hash_secret(new_token),
        )
        record("email.change_asked", actor=owner, target=owner)
        transaction.on_commit(lambda: _mail_both(change, old_token, new_token))
    return change


def _checked(owner: User, new_email: str) -> str:
    new = normalise_email(new_email)
    try:
        validate_email(new)
    except ValidationError as error:
        message = "Enter a valid e-mail address, such as ada@example.org."
        raise ValidationFailed(message, field="new_email") from error
    if new == owner.email:
        raise ValidationFailed("That is your address already.", field="new_email")
    return new


def _mail_both(change: EmailChange, old_token: str, new_token: str) -> None:
    context = {"old_email": change.old_email, "new_email": change.new_email}
    send_written(change.old_email, "email_change_old", context | {"link": _link(old_token)})
    taken = User.objects.filter(email=change.new_email).exists()
    send_written(
        change.new_email, "email_change_taken" if taken else "email_change_new", context | {"link": _link(new_token)}
    )


def _link(token: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse("accounts:email_link", args=[token])


def waiting_change_of(owner: User, *, every: bool = False) -> models.QuerySet[EmailChange]:
    """Changes that still wait for an address; those that are too old to happen only with `every`."""
    rows = EmailChange.objects.filter(owner=owner, applied_at=None, undone_at=None)
    return rows if every else rows.filter(asked_at__gt=_since(settings.EMAIL_CHANGE_CONFIRM_S))


def change_of_link(token: str, *, lock: bool = False) -> tuple[EmailChange, bool]:
    """The change that a link is about, and whether it is the old address's. Raises NotFound when it does not work."""
    digest = hash_secret(token)
    rows = EmailChange.objects.select_for_update() if lock else EmailChange.objects.all()
    change = rows.filter(Q(old_token_hash=digest) | Q(new_token_hash=digest), undone_at=None).first()
    if change is None:
        raise NotFound(_INVALID)
    is_old = bytes(change.old_token_hash) == digest
    lasts = settings.EMAIL_CHANGE_UNDO_S if is_old else settings.EMAIL_CHANGE_CONFIRM_S
    if change.asked_at <= _since(lasts):
        raise NotFound(_INVALID)
    return change, is_old


def _since(seconds: int) -> datetime:
    return now() - timedelta(seconds=seconds)


@transaction.atomic
def confirm_email_change(*, token: str, keep: UUID | None = None) -> EmailChange:
    """Confirm for the address that got the link; with the second one the address changes and sessions end, but `keep`.

    Raises NotFound for a link that does not work, and Conflict when the address was taken meanwhile.
    """
    change, is_old = change_of_link(token, lock=True)
    if change.applied_at is not None:
        return change
    if change.asked_at <= _since(settings.EMAIL_CHANGE_CONFIRM_S):
        raise NotFound(_INVALID)
    field = "old_confirmed_at" if is_old else "new_confirmed_at"
    setattr(change, field, getattr(change, field) or now())
    if change.old_confirmed_at and change.new_confirmed_at:
        _move(change, change.old_email, change.new_email)
        change.applied_at = now()
        record("email.changed", actor=change.owner, target=change.owner)
        end_other_sessions(owner=change.owner, keep=keep)
    change.save()
    return change


@transaction.atomic
def undo_email_change(*, token: str) -> EmailChange:
    """'That was not me', from the old address: back to it, and every session ends.

    Raises NotFound for any other link, and Conflict when the account has moved on or the old address is taken.
    """
    change, is_old = change_of_link(token, lock=True)
    if not is_old:
        raise NotFound(_INVALID)
    if change.applied_at is not None:
        _move(change, change.new_email, change.old_email)
    change.undone_at = now()
    change.save(update_fields=["undone_at"])
    record("email.change_undone", actor=None, target=change.owner)
    end_other_sessions(owner=change.owner)
    return change


def _move(change: EmailChange, from_email: str, to_email: str) -> None:
    owner = User.objects.select_for_update().get(pk=change.owner_id)
    if owner.email != from_email:
        raise Conflict("The account has another address by now; nothing was changed.")
    owner.email = to_email
    try:
        with transaction.atomic():
            owner.save(update_fields=["email"])
    except IntegrityError as error:
        raise Conflict(_TAKEN) from error
    change.owner = owner
