"""Signing in step by step: who has given the password and owes the second factor is nobody yet."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import django_otp
from django.contrib.auth import login
from django.http import HttpRequest

from accounts.audit import record
from accounts.flows.sessions import rotate
from accounts.mfa.standing import has_factor
from accounts.models import Factor, User

_KEY = "owes_second_factor"
_LIVES_S = 600
EMAIL_BACKEND = "accounts.backends.EmailBackend"


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that waits for its second factor."""

    user: User
    backend: str
    next_url: str


def enter(request: HttpRequest, *, user: User, next_url: str = "", backend: str = EMAIL_BACKEND) -> bool:
    """Sign in who has proved the first factor; False when the second is owed, which `complete` then brings."""
    if not has_factor(user.id):
        login(request, user, backend=backend)
        return True
    request.session.flush()  # a new session: nothing that somebody planted before goes on after signing in
    request.session[_KEY] = {
        "user": str(user.id),
        "backend": backend,
        "next": next_url,
        "at": time.time(),
        "hash": user.get_session_auth_hash(),
    }
    return False


def pending(request: HttpRequest) -> Pending | None:
    """Who owes the second factor in this session. Ten minutes, and a changed password, end it."""
    kept = request.session.get(_KEY)
    if not kept or time.time() - kept["at"] > _LIVES_S:
        return None
    user = User.objects.filter(id=kept["user"], is_active=True).first()
    if user is None or not secrets.compare_digest(user.get_session_auth_hash(), kept["hash"]):
        return None
    return Pending(user, kept["backend"], kept["next"])


def complete(request: HttpRequest, *, factor: Factor, backend: str = EMAIL_BACKEND) -> None:
    """Open the session of the factor's owner, which knows that the second factor was shown."""
    request.session.pop(_KEY, None)
    login(request, factor.owner, backend=backend)
    django_otp.login(request, factor)
    record("mfa.passed", actor=factor.owner, target=factor)


def remember_factor(request: HttpRequest, factor: Factor | None) -> None:
    """This session, whose person just set up or kept a factor, has shown it. All their other sessions end."""
    rotate(request)
    if factor is not None:
        request.session[django_otp.DEVICE_ID_SESSION_KEY] = factor.persistent_id
