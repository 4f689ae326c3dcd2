"""Sessions: who is signed in from where. The row holds a hash of the cookie's key, so a stolen backup opens nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from memshadow.lib.ids import new_id

if TYPE_CHECKING:
    from accounts.sessions.store import SessionStore


def hash_session_key(key: str) -> str:
    """SHA-256 in hexadecimal: enough for keys of 165 random bits, and quick for every request."""
    return hashlib.sha256(key.encode()).hexdigest()


class SessionManager(BaseSessionManager["Session"]):
    """Finds the sessions that still count, and ends those that do not."""

    def live(self, at: datetime) -> QuerySet[Session]:
        """Those that were used within the idle time and began within the absolute one."""
        return self.filter(
            last_seen_at__gt=at - timedelta(seconds=settings.SESSION_IDLE_S),
            started_at__gt=at - timedelta(seconds=settings.SESSION_ABSOLUTE_S),
        )

    def end_oldest(self, user_id: UUID, at: datetime) -> None:
        """End what has expired, anybody's, and this person's oldest sessions beyond SESSIONS_MAX."""
        self.filter(expire_date__lt=at).delete()
        keep = list(self.filter(user_id=user_id).order_by("-started_at").values("pk")[: settings.SESSIONS_MAX])
        self.filter(user_id=user_id).exclude(pk__in=[row["pk"] for row in keep]).delete()


class Session(AbstractBaseSession):
    """One browser's session. `device_id` is its public name; the key itself is in the browser's cookie only."""

    session_key = models.CharField("hash of the session key", max_length=64, primary_key=True)
    device_id = models.UUIDField(unique=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions"
    )
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    wrong_answers = models.PositiveSmallIntegerField(default=0)

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-started_at"], name="session_of_user")]

    def __str__(self) -> str:
        return f"session {self.device_id} of {self.user_id}"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        """The engine that reads and writes these rows."""
        from accounts.sessions.store import SessionStore

        return SessionStore

    def expires_at(self) -> datetime:
        """When it ends unless it is used again: the idle or the absolute limit, whichever comes first."""
        idle = self.last_seen_at + timedelta(seconds=settings.SESSION_IDLE_S)
        absolute = self.started_at + timedelta(seconds=settings.SESSION_ABSOLUTE_S)
        return min(idle, absolute)

    def begin(self, at: datetime, **seen: Any) -> None:
        """A sign-in just now: the clocks start afresh, under a new public name, and the person counts as confirmed."""
        self.device_id = new_id()
        self.started_at = self.last_seen_at = self.confirmed_at = at
        self.wrong_answers = 0
        self.see(at, **seen)

    def see(self, at: datetime, *, address: str | None = None, user_agent: str = "") -> None:
        """Note when and from where it was used."""
        self.last_seen_at = at
        self.address, self.user_agent = address, user_agent[:300]
        self.expire_date = self.expires_at()
