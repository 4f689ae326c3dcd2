"""The devices on which somebody is signed in: listing them, and ending sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import ua_parser
from django.http import HttpRequest

from accounts.audit import record
from accounts.flows.tokens import revoke_programs
from accounts.models import Session, User
from accounts.sessions.store import SessionStore
from memshadow.lib.clock import now
from memshadow.lib.errors import NotFound

# What people call what ua-parser names otherwise.
_PLAIN = {"Mac OS X": "macOS", "Mobile Safari": "Safari", "Chrome Mobile": "Chrome", "Firefox Mobile": "Firefox"}


@dataclass(frozen=True, slots=True)
class Device:
    """A session as its owner sees it."""

    id: UUID
    browser: str
    system: str
    address: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    is_this_one: bool


def session_of(request: HttpRequest) -> SessionStore | None:
    """The session of a request that came with one, else None."""
    session = getattr(request, "session", None)
    return session if isinstance(session, SessionStore) else None


def device_id_of(request: HttpRequest) -> UUID | None:
    """The public name of the session with which a request came."""
    session = session_of(request)
    row = session.row if session is not None else None
    return row.device_id if row is not None else None


def devices_of(user: User, *, this: UUID | None = None) -> list[Device]:
    """Where this person is signed in, last used first; `this` is the device that asks."""
    rows = Session.objects.live(now()).filter(user=user).order_by("-last_seen_at", "device_id")
    return [_device(row, this) for row in rows]


def _device(row: Session, this: UUID | None) -> Device:
    browser, system = browser_and_system(row.user_agent)
    return Device(
        id=row.device_id,
        browser=browser,
        system=system,
        address=row.address,
        first_seen_at=row.started_at,
        last_seen_at=row.last_seen_at,
        is_this_one=row.device_id == this,
    )


@lru_cache(maxsize=1024)
def browser_and_system(user_agent: str) -> tuple[str, str]:
    """('Firefox', 'Windows') from a User-Agent header; empty words for what it does not tell."""
    known = ua_parser.parse(user_agent)
    browser, system = known.user_agent, known.os
    names = (browser.family if browser else "", system.family if system else "")
    return _PLAIN.get(names[0], names[0]), _PLAIN.get(names[1], names[1])


def begin_session(*, request: HttpRequest, **_: Any) -> None:
    """Receiver of `user_logged_in`: every way of signing in gets a new key, a new device and fresh clocks."""
    session = session_of(request)
    if session is not None:
        session.begin()


def end_session(*, owner: User, device_id: UUID) -> None:
    """Sign one of one's own devices out, at once. Raises NotFound for any other."""
    ended, _ = Session.objects.filter(user=owner, device_id=device_id).delete()
    if not ended:
        raise NotFound("There is no session of yours with this id.")
    record("session.ended", actor=owner, object_id=str(device_id))


def end_other_sessions(*, owner: User, keep: UUID | None = None) -> int:
    """Sign all of one's own devices out, but for `keep`. Returns how many were signed in."""
    rows = Session.objects.filter(user=owner)
    ended, _ = (rows.exclude(device_id=keep) if keep else rows).delete()
    if ended:
        record("session.others_ended", actor=owner, target=owner, ended=ended)
    return ended


def rotate(request: HttpRequest) -> None:
    """After a privilege changed: a new key for this session; the person's other sessions and programs end."""
    session = session_of(request)
    if session is not None and isinstance(request.user, User):
        session.cycle_key()
        end_other_sessions(owner=request.user, keep=device_id_of(request))
        revoke_programs(request.user)
