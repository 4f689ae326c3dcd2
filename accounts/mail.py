"""Mail to the people of this server about their account. Nothing waits for it, and nothing fails by it."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import User

log = logging.getLogger(__name__)


def tell(user: User, *, subject: str, text: str) -> None:
    """Mail a person after commit. A mail server that is away is logged, no more."""
    body = f"{text}\n\n{settings.BASE_URL}\n"
    address = user.email
    transaction.on_commit(lambda: _send(address, f"MEMSHADOW: {subject}", body))


def send_written(to: str, name: str, context: dict[str, Any]) -> bool:
    """Mail `templates/accounts/mail/<name>.txt`, whose first line is the subject; returns whether it was sent."""
    subject, _, text = render_to_string(f"accounts/mail/{name}.txt", context).strip().partition("\n")
    return _send(to, f"{settings.EMAIL_SUBJECT_PREFIX}{subject}", f"{text}\n\n{settings.BASE_URL}\n")


def _send(address: str, subject: str, body: str) -> bool:
    try:
        return bool(send_mail(subject, body, None, [address]))
    except OSError as error:  # smtplib's errors are OSErrors, as is a refused connection
        log.warning("No mail could be sent (%s): %s", type(error).__name__, subject)
        return False
