"""The session engine: Django's database sessions with hashed keys, devices, idle and absolute expiry, and rotation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY as USER_ID
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from accounts.models import Session, User
from accounts.models.session import hash_session_key
from memshadow.lib.clock import now

# What one request may write; the other columns (confirmation, wrong answers) have statements of their own.
_SAVED = ["session_data", "expire_date", "user", "last_seen_at", "address", "user_agent"]
_BEGUN = [*_SAVED, "device_id", "started_at", "confirmed_at", "wrong_answers"]


class SessionStore(DatabaseStore):
    """A session and the row behind it. Reading it costs one query, and once a minute one more that notes the use."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.address: str | None = None
        self.user_agent = ""
        self._row: Session | None = None
        self._begins = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Our own rows."""
        return Session

    @property
    def row(self) -> Session | None:
        """The row of this session, or None when nothing is stored."""
        self._get_session()  # type: ignore[attr-defined]
        return self._row

    def begin(self) -> None:
        """Treat what follows as a new sign-in, with a new key, also when this person was signed in already."""
        if self.row is not None and self.row.user_id is not None:
            self.cycle_key()
        self._begins = True
        self.modified = True

    def seen_from(self, address: str | None, user_agent: str) -> None:
        """Where the request came from; stored with the next use that is noted."""
        self.address, self.user_agent = address, user_agent

    def count_try(self) -> int:
        """Count one more answer to 'is it you?'; returns how many there were since the last right one."""
        row = self._stored()
        Session.objects.filter(pk=row.pk).update(wrong_answers=F("wrong_answers") + 1)
        row.refresh_from_db(fields=["wrong_answers"])
        return row.wrong_answers

    def confirm(self) -> None:
        """The person proved who they are just now; the key changes."""
        row = self._stored()
        row.confirmed_at, row.wrong_answers = now(), 0
        row.save(update_fields=["confirmed_at", "wrong_answers"])
        self.cycle_key()

    def _stored(self) -> Session:
        if self.row is None:
            raise SessionInterrupted("This session was ended meanwhile; sign in again.")
        return self.row

    def exists(self, session_key: str) -> bool:
        """Whether there is a session with this key."""
        return Session.objects.filter(pk=hash_session_key(session_key)).exists()

    def delete(self, session_key: str | None = None) -> None:
        """End the session with this key (default: this one)."""
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(pk=hash_session_key(key)).delete()
        if key == self.session_key:
            self._row = None

    def cycle_key(self) -> None:
        """A new key for the same session, in one statement; the old one is worthless at once."""
        row = self.row
        if row is None or self.session_key is None:
            return super().cycle_key()
        key = self._get_new_session_key()  # type: ignore[attr-defined]
        if not Session.objects.filter(pk=row.pk).update(session_key=hash_session_key(key)):
            raise SessionInterrupted("This session was ended meanwhile; sign in again.")
        row.session_key = hash_session_key(key)
        self._session_key = key
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store it. Raises CreateError when the key is taken and UpdateError when it was ended meanwhile."""
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        row, begun = self._prepared(data, now())
        try:
            with transaction.atomic():
                if begun and row.user_id:
                    User.objects.select_for_update(no_key=True).filter(pk=row.user_id).first()
                row.save(force_insert=must_create, update_fields=None if must_create else _BEGUN if begun else _SAVED)
                if begun and row.user_id:
                    Session.objects.end_oldest(row.user_id, row.started_at)
        except IntegrityError as error:
            raise (CreateError if must_create else UpdateError)() from error
        except DatabaseError as error:
            raise UpdateError() from error
        self._row, self._begins = row, False

    def _prepared(self, data: dict[str, Any], moment: datetime) -> tuple[Session, bool]:
        """The row as it shall be, and whether somebody signs in with it."""
        key = hash_session_key(self.session_key or "")
        row = self._row if self._row is not None and self._row.pk == key else Session(session_key=key)
        user_id = UUID(data[USER_ID]) if data.get(USER_ID) else None
        begun = user_id is not None and (self._begins or row.user_id != user_id)
        row.user_id = user_id
        row.session_data = self.encode(data)
        (row.begin if begun else row.see)(moment, address=self.address, user_agent=self.user_agent)
        return row, begun

    def _get_session_from_db(self) -> Session | None:
        moment = now()
        row = Session.objects.live(moment).filter(pk=hash_session_key(self.session_key or "")).first()
        if row is None:
            self._session_key = None
        elif moment - row.last_seen_at >= timedelta(seconds=settings.SESSION_SEEN_EVERY_S):
            self._note_use(row, moment)
        self._row = row
        return row

    def _note_use(self, row: Session, moment: datetime) -> None:
        row.see(moment, address=self.address, user_agent=self.user_agent)
        Session.objects.filter(pk=row.pk).update(
            last_seen_at=row.last_seen_at, expire_date=row.expire_date, address=row.address, user_agent=row.user_agent
        )
