"""Secrets that the server makes for itself on first run: one file each, mode 0600, never overwritten by accident."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from memshadow.lib.errors import Unavailable


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """The secret in `path`; made with `make` and stored atomically when the file does not exist.

    Two processes that start together end with the same secret: the first link wins.
    Raises Unavailable when the folder cannot be written or the file is empty.
    """
    try:
        if not path.exists():
            _create(path, make())
    except OSError as error:
        raise Unavailable(f"Cannot read or create the secret file {path}: {error.strerror}.") from error
    return read_secret(path)


def read_secret(path: Path) -> str:
    """The secret in `path`. Raises Unavailable when it cannot be read, is no text or empty."""
    try:
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Unavailable(f"Cannot read or create the secret file {path}: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise Unavailable(f"The secret file {path} is damaged: restore it from a backup.") from None
    if not secret:
        raise Unavailable(f"The secret file {path} is empty: restore it from a backup.")
    return secret


def replace_secret(path: Path, secret: str) -> None:
    """Put another secret into `path`: whoever reads it, and whatever is killed, finds the old one or the new.

    Raises Unavailable when the folder cannot be written.
    """
    draft = _draft_of(path)
    try:
        _write(draft, secret)
        draft.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise Unavailable(f"Cannot replace the secret file {path}: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _create(path: Path, secret: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft_of(path)
    try:
        _write(draft, secret)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _write(draft: Path, secret: str) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """A rename is on disk once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
