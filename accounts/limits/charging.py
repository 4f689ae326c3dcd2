"""Which rate limits a request counts against: its person's, its key's, or its address's when nobody vouches for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.intrusion.bursts import note_burst
from accounts.limits.counting import Limit, Verdict, charge, give_back
from accounts.models import ApiKey, User
from accounts.models.user import normalise_email
from memshadow.lib import request_context

_VERDICT, _ATTEMPT = "rate_limit_verdict", "rate_limit_attempt"


def charge_caller(request: HttpRequest, user: User, key: ApiKey | None = None) -> None:
    """Count a request with valid credentials. A key with its own rate counts for itself alone. Raises RateLimited."""
    if key is not None and key.requests_per_minute:
        _charge(request, [Limit("key", str(key.pk), key.requests_per_minute, 60.0)], user)
        return
    limits = [Limit("user", str(user.pk), *settings.RATE_LIMIT_USER)]
    if key is not None:
        limits.append(Limit("key", str(key.pk), *settings.RATE_LIMIT_KEY))
    _charge(request, limits, user)


def charge_stranger(request: HttpRequest) -> None:
    """Count a request without valid credentials, once, by its address. Raises RateLimited."""
    if verdict_of(request) is None:
        _charge(request, [Limit("address", _address(), *settings.RATE_LIMIT_ADDRESS)])


def charge_address(request: HttpRequest, name: str, rate: tuple[int, float], *, everybody: bool = False) -> None:
    """Count a request against a limit of its own, of its address or of everybody together. Raises RateLimited."""
    _charge(request, [Limit(name, "" if everybody else _address(), *rate)])


def charge_attempt(request: HttpRequest, account: str) -> None:
    """Count an attempt to get in, by address and by the account that is tried. Raises RateLimited."""
    limits = [Limit("attempts-address", _address(), *settings.RATE_LIMIT_ATTEMPTS_ADDRESS)]
    if account:
        limits.append(Limit("attempts-account", normalise_email(account), *settings.RATE_LIMIT_ATTEMPTS_ACCOUNT))
    setattr(request, _ATTEMPT, limits)
    _charge(request, limits)


def attempt_succeeded(request: HttpRequest) -> None:
    """What succeeded was no attempt to break in: give back what `charge_attempt` took."""
    limits: Sequence[Limit] = getattr(request, _ATTEMPT, ())
    if limits and settings.RATE_LIMITS:
        give_back(limits)


def verdict_of(request: HttpRequest) -> Verdict | None:
    """How this request stood with its limits, or None when it was not counted."""
    verdict: Verdict | None = getattr(request, _VERDICT, None)
    return verdict


def _address() -> str:
    return request_context.current().address or ""


def _charge(request: Any, limits: Sequence[Limit], owner: User | None = None) -> None:
    if not settings.RATE_LIMITS:
        return
    verdict = charge(limits)
    setattr(request, _VERDICT, verdict)
    if not verdict.allowed:
        note_burst(verdict.limit, owner)
        raise verdict.refusal()
