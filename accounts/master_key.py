"""Where the server's master key comes from: the environment, a command, or a file; and how a new one gets there.

Any of them may hold several keys, one a line or separated by commas, the oldest first: which of them fits is told by
the database (`accounts.keys`), so that a rotation works while every process still holds the old one.
"""

from __future__ import annotations

import base64
import binascii
import os
import shlex
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from memshadow.lib import crypto
from memshadow.lib.errors import Unavailable
from memshadow.lib.secret_files import read_secret, replace_secret
from memshadow.settings.env import env

_COMPLAINT_MAX_CHARS = 300


class MasterKeyMissing(Unavailable):
    """There is no master key where one must be; the message says where it was looked for."""


class MasterKeyWrong(Unavailable):
    """The master key is another one than the database was made with; the message says what to restore."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the key is read from: `path` when that is a file of ours or the administrator's."""

    name: str
    path: Path | None = None
    text: str = ""
    command: str = ""

    @property
    def can_be_written(self) -> bool:
        """True for a file in a folder in which this process may replace it."""
        return self.path is not None and os.access(self.path.parent, os.W_OK)


_lock = threading.Lock()
_read: list[tuple[bytes, ...]] = []


def source() -> Source:
    """The one that counts: the variable before the command, that before the file."""
    if env.master_key:
        return Source("MEMSHADOW_MASTER_KEY", text=env.master_key)
    if env.master_key_command:
        return Source("MEMSHADOW_MASTER_KEY_COMMAND", command=env.master_key_command)
    path = env.master_key_file or settings.DATA_DIR / "master.key"
    return Source(str(path), path=path)


def is_missing() -> bool:
    """True when the key should be in a file and there is no such file."""
    path = source().path
    return path is not None and not path.exists()


def keys(*, again: bool = False) -> tuple[bytes, ...]:
    """The keys that the source holds, read once; `again` reads it anew.

    Raises MasterKeyMissing, and Unavailable for what is no key or a command that fails or does not end.
    """
    with _lock:
        if again or not _read:
            _read[:] = [_parsed(source())]
        return _read[0]


def forget() -> None:
    """Drop what was read: the next use reads the source again."""
    with _lock:
        _read.clear()


def write(*wanted: bytes) -> None:
    """Replace the file's keys at once and whole. Raises Unavailable when the source is not a file that can be."""
    place = source()
    if place.path is None:
        raise Unavailable(f"{place.name} is not a file that this server can write.")
    replace_secret(place.path, "\n".join(base64.b64encode(key).decode() for key in wanted))
    forget()


def _parsed(place: Source) -> tuple[bytes, ...]:
    found = tuple(_key(text, place.name) for text in _text_of(place).replace(",", "\n").split())
    if not found:
        raise MasterKeyMissing(f"{place.name} holds no key; restore the one that this data was made with.")
    return found


def _key(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != crypto.KEY_BYTES:
        raise Unavailable(f"{origin} must hold 32 bytes in base64; restore the key that this data was made with.")
    return key


def _text_of(place: Source) -> str:
    if place.command:
        return _answer_of(place.command)
    if place.path is None:
        return place.text
    if not place.path.exists():
        raise MasterKeyMissing(
            f"There is no master key in {place.path}. Put back the file that this data was made with (from your "
            "backup): without it nothing can be read. Nothing was changed."
        )
    return read_secret(place.path)


def _answer_of(command: str) -> str:
    """What the command prints. The shell is not asked, so nothing in it is expanded."""
    limit = env.master_key_command_timeout_s
    name = "MEMSHADOW_MASTER_KEY_COMMAND"
    try:
        run = subprocess.run(  # noqa: S603 - the administrator's own command
            shlex.split(command), capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(
            f"{name} gave no key within {limit:g} seconds: see whether the key service answers, or raise "
            "MEMSHADOW_MASTER_KEY_COMMAND_TIMEOUT_S."
        ) from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{name} cannot be run ({error}): name a program by its full path.") from None
    if run.returncode != 0:
        told = " ".join(run.stderr.split())[:_COMPLAINT_MAX_CHARS] or "it said nothing"
        raise Unavailable(f"{name} failed with status {run.returncode}: {told}")
    return run.stdout
