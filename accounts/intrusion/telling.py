"""Telling people of signals: in words, on their pages, and by mail."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Role, SecuritySignal, User
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound

logger = logging.getLogger(__name__)

_SHOWN_FOR = timedelta(days=30)
_SHOWN_MAX = 5
_MAILED_WITHIN = timedelta(hours=24)
_NO_MAIL = ("console", "dummy")
_Kind = SecuritySignal.Kind


def words_of(signal: SecuritySignal) -> str:
    """One sentence that says what was noticed."""
    details, where = signal.details, signal.address or "this server"
    match signal.kind:
        case _Kind.NEW_SIGN_IN:
            return f"New sign-in from {signal.device or 'an unknown program'}, {where}."
        case _Kind.NEW_KEY_ADDRESS:
            return f"Your API key “{details.get('name', '')}” was used from a new address, {where}."
        case _Kind.MANY_FAILURES:
            return (
                f"{details.get('failures')} attempts to sign in as you failed within 15 minutes, the last from {where}."
            )
        case _Kind.CREDENTIAL_STUFFING:
            return f"Somebody tries to sign in as you from {details.get('addresses')} addresses, the last {where}."
        case _Kind.MANY_ACCOUNTS:
            return f"{where} failed to sign in to {details.get('accounts')} accounts within 15 minutes."
        case _Kind.SPACE_OFFERED:
            return f"{details.get('by', 'Somebody')} offers you a space, as its {details.get('role', 'member')}."
        case _Kind.SPACE_SHARED:
            by, role = details.get("by", "Somebody"), details.get("role", "member")
            return f"{by} shared a space with you: you are its {role}."
        case _Kind.SPACE_CLOSED:
            return f"A space is not shared with you any more: {details.get('why', '')}"
        case _Kind.BURST:
            return f"More requests than the limit of {details.get('limit')} allows came from {where}."
    return f"The audit trail of this server was tampered with: {details.get('text', '')}"


def advice_of(signal: SecuritySignal) -> str:
    """What to do about it."""
    match signal.kind:
        case _Kind.NEW_SIGN_IN:
            return "If that was not you, change your password and sign out your other devices."
        case _Kind.NEW_KEY_ADDRESS:
            return "If you do not know that address, revoke the key."
        case _Kind.MANY_FAILURES | _Kind.CREDENTIAL_STUFFING:
            return "Nobody got in by that. A password used nowhere else and a second factor keep it so."
        case _Kind.SPACE_OFFERED:
            return "Take it up or decline it under “Spaces”. Until you take it up, you are not in it."
        case _Kind.SPACE_SHARED:
            return "You find it under “Spaces”, and can leave it there. Your own memories are shared with nobody by it."
        case _Kind.SPACE_CLOSED:
            return "Your own memories are as they were. What is in the space stays with those who are in it."
        case _Kind.AUDIT_BROKEN:
            return "Run manage.py audit verify, and compare with a backup."
    return "If that is none of your programs, look at the audit trail and close it out at the proxy or firewall."


@dataclass(frozen=True, slots=True)
class Notice:
    """A signal as its owner's pages show it."""

    id: UUID
    at: datetime
    text: str
    advice: str
    is_about_devices: bool


def notices_for(user: User) -> list[Notice]:
    """What this person has not dismissed yet, newest first: at most five, of the last 30 days."""
    rows = signals_of(user).filter(dismissed_at=None, created_at__gte=now() - _SHOWN_FOR)
    found = rows.order_by("-created_at")[:_SHOWN_MAX]
    return [
        Notice(row.id, row.created_at, words_of(row), advice_of(row), is_about_devices=row.kind == _Kind.NEW_SIGN_IN)
        for row in found
    ]


def dismiss_signal(*, user: User, signal_id: UUID) -> None:
    """Put a signal away. Raises NotFound for one that does not concern this person."""
    if not signals_of(user).filter(id=signal_id).update(dismissed_at=now()):
        raise NotFound("There is no notice of yours with this id.")


def mail_signals() -> int:
    """Mail what was not mailed yet, if a mail server is set up; what fails is tried again. Returns how many."""
    if not mail_is_set_up():
        return 0
    waiting = SecuritySignal.objects.filter(mailed_at=None, created_at__gte=now() - _MAILED_WITHIN)
    return sum(_mail(signal_id) for signal_id in waiting.order_by("created_at").values_list("id", flat=True))


def mail_is_set_up() -> bool:
    """Whether mail leaves this server: with MEMSHADOW_EMAIL_URL it does."""
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in _NO_MAIL)


@transaction.atomic
def _mail(signal_id: UUID) -> bool:
    signal = SecuritySignal.objects.select_for_update(skip_locked=True).filter(id=signal_id, mailed_at=None).first()
    if signal is None:
        return False
    text = f"{words_of(signal)}\n\n{advice_of(signal)}\n\n{settings.BASE_URL}/account/activity/\n"
    try:
        send_mail(f"MEMSHADOW: {signal.get_kind_display()}", text, None, _recipients(signal))
    except OSError as error:
        logger.warning("A security notice could not be mailed and will be tried again: %s", error)
        return False
    signal.mailed_at = now()
    signal.save(update_fields=["mailed_at"])
    return True


def _recipients(signal: SecuritySignal) -> list[str]:
    people = User.objects.people().filter(is_active=True)
    concerned = people.filter(pk=signal.owner_id) if signal.owner_id else people.filter(role=Role.OWNER)
    return list(concerned.values_list("email", flat=True))


def signals_of(user: User) -> QuerySet[SecuritySignal]:
    """What concerns this person, put away or not; for managers, the server's too."""
    return SecuritySignal.objects.filter(Q(owner=user) | Q(owner=None) if user.may_manage else Q(owner=user))
