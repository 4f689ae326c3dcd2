"""Secrets that the server makes for itself on first run: one file each, mode 0600, never overwritten."""

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
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Unavailable(f"Cannot read or create the secret file {path}: {error.strerror}.") from error
    if not secret:
        raise Unavailable(f"The secret file {path} is empty: restore it from a backup.")
    return secret


def _create(path: Path, secret: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
