"""django-axes in our words: whose attempt it is, from where, and the page for who guessed too often."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.models.user import normalise_email
from memshadow.lib.client_address import client_address
from memshadow.lib.clock import now
from memshadow.lib.errors import TooManyAttempts

Credentials = dict[str, Any]


def attempted_name(request: HttpRequest, credentials: Credentials | None) -> str:
    """The name in its one spelling: `Ada@x` and `ada@x ` are counted together."""
    given = credentials or {}
    return normalise_email(str(given.get("username") or given.get("email") or ""))[:254]


def refuse_if_locked(request: HttpRequest, user: User) -> None:
    """Raises TooManyAttempts while this person is locked out from this address."""
    refuse_name_if_locked(request, user.email)


def refuse_name_if_locked(request: HttpRequest, name: str) -> None:
    """The same for a name that may belong to nobody."""
    credentials = {"username": name}
    if AxesProxyHandler.is_allowed(request, credentials):
        return
    wait_s = remaining_s(request, credentials)
    raise TooManyAttempts(f"Too many wrong attempts. {wait_text(wait_s)}", retry_after_s=wait_s)


def count_failure(request: HttpRequest, user: User) -> None:
    """A wrong second factor weighs as much as a wrong password, and is told to whoever listens for those."""
    user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request, second_factor=True)


def forgive(*, name: str) -> None:
    """Let this person try again at once, from everywhere."""
    reset(username=normalise_email(name))


def remaining_s(request: HttpRequest, credentials: Credentials | None) -> int:
    """Seconds until the next attempt of this name from this address is looked at; 0 when it would be now."""
    rows = AccessAttempt.objects.filter(
        username=attempted_name(request, credentials), ip_address=client_address(request)
    ).values_list("attempt_time", "failures_since_start")
    return _seconds_left(sorted(rows), now())


def _seconds_left(rows: list[tuple[datetime, int]], moment: datetime) -> int:
    """When enough of the failures, oldest first, have aged beyond the cool-off."""
    total = sum(failures for _, failures in rows)
    for at, failures in rows:
        if total < settings.AXES_FAILURE_LIMIT:
            break
        total -= failures
        left = (at + settings.AXES_COOLOFF_TIME - moment).total_seconds()
        if total < settings.AXES_FAILURE_LIMIT:
            return max(1, int(left) + 1)
    return 0


def locked_page(request: HttpRequest, response: HttpResponse | None, credentials: Credentials | None) -> HttpResponse:
    """429, the same for names that exist and names that do not; the API has said so in its own way."""
    if response is not None and response.status_code == 429:
        return response
    return too_many(request, remaining_s(request, credentials))


def too_many(request: HttpRequest, wait_s: int) -> HttpResponse:
    """The page that says how long to wait."""
    page = render(request, "accounts/locked.html", {"wait": wait_text(wait_s)}, status=429)
    page["Retry-After"] = str(max(1, wait_s))
    return page


def wait_text(seconds: int) -> str:
    """How long to wait, in words; minutes from one minute on."""
    count, unit = (-(-seconds // 60), "minute") if seconds >= 60 else (max(1, seconds), "second")
    return f"Wait {count} {unit}{'s' if count > 1 else ''}, then try again."
