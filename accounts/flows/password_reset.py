"""A forgotten password: a link by mail, one hour, one use, and nothing that tells whether an address has an account."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse

from accounts.audit import record
from accounts.flows.passwords import change_password
from accounts.flows.sessions import end_other_sessions
from accounts.mail import send_written
from accounts.models import PasswordReset, User
from accounts.models.user import normalise_email
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound
from memshadow.lib.jobs import wake

_SPENT = "This link was used already, or is older than an hour. Ask for a new one."
_HOUR = timedelta(hours=1)


def ask_for_reset(*, email: str, address: str | None) -> None:
    """Note the wish. A worker answers it, so that this takes equally long for every address."""
    PasswordReset.objects.create(email=normalise_email(email), address=address)
    wake("accounts.tasks.send_mail")


def answer_resets() -> int:
    """Mail the links that were asked for to those who have an account; returns how many wishes were settled."""
    PasswordReset.objects.filter(asked_at__lt=now() - _HOUR).delete()
    waiting = PasswordReset.objects.filter(answered_at=None).order_by("asked_at")
    return sum(_answer(reset_id) for reset_id in waiting.values_list("id", flat=True))


@transaction.atomic
def _answer(reset_id: UUID) -> bool:
    rows = PasswordReset.objects.select_for_update(skip_locked=True)
    wish = rows.filter(id=reset_id, answered_at=None).first()
    if wish is None:
        return False
    user = User.objects.people().filter(email=wish.email, is_active=True).first()
    if user is not None and user.has_usable_password() and not _mailed_enough(wish):
        if not send_written(user.email, "password_reset", {"link": reset_link(user), "address": wish.address}):
            return False  # tried again until it is an hour old
        record("password.reset_mailed", actor=None, target=user, address=wish.address)
    wish.answered_at = now()
    wish.save(update_fields=["answered_at"])
    return True


def _mailed_enough(wish: PasswordReset) -> bool:
    answered = PasswordReset.objects.filter(email=wish.email).exclude(answered_at=None)
    return answered.count() >= settings.RESET_MAILS_PER_HOUR


def reset_link(user: User) -> str:
    """The address at which this person chooses a new password, once, within an hour."""
    token = f"{user.pk.hex}.{default_token_generator.make_token(user)}"
    return settings.BASE_URL.rstrip("/") + reverse("accounts:password_reset_link", args=[token])


def person_of_link(token: str, *, lock: bool = False) -> User:
    """Whose link it is. Raises NotFound when it was used, is too old, or never was."""
    name, _, check = token.partition(".")
    people = User.objects.select_for_update() if lock else User.objects.all()
    user = people.filter(pk=UUID(name), is_active=True).first() if _is_id(name) else None
    if user is None or not default_token_generator.check_token(user, check):
        raise NotFound(_SPENT)
    return user


def _is_id(name: str) -> bool:
    return len(name) == 32 and all(letter in "0123456789abcdef" for letter in name)


@transaction.atomic
def reset_password(*, token: str, new: str) -> User:
    """Set the password of whoever the link is for; all their sessions end. Two uses at once: the second is refused.

    Raises NotFound for a link that does not work, and ValidationFailed for a password that breaks a rule.
    """
    user = person_of_link(token, lock=True)
    change_password(user=user, new=new, action="password.reset")
    end_other_sessions(owner=user)
    return user
