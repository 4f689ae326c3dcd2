"""Callers of late, so that a chat goes on while the database is away: sealed under the key that they show.

A file can be opened only with the very key whose caller it describes, and counts for an hour after that key was last
found good. Every process of this machine reads the same folder.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from memshadow.lib import crypto
from memshadow.lib.errors import MemshadowError

VALID_S = 3600.0
_REFRESH_S = 60.0
_written: dict[str, tuple[float, bytes]] = {}


def remember(key: str, facts: dict[str, Any]) -> None:
    """Note what this key was good for; a full or read-only disk is no reason to refuse anybody."""
    plain = json.dumps(facts, sort_keys=True).encode()
    name = _name(key)
    at, before = _written.get(name, (0.0, b""))
    if plain == before and time.monotonic() - at < _REFRESH_S:
        return
    with suppress(OSError):
        _write(_folder() / name, crypto.seal(_sealing_key(key), plain, bound_to=name.encode(), key_version=1))
        if len(_written) > 1000:
            _written.clear()
        _written[name] = (time.monotonic(), plain)


def recall(key: str) -> dict[str, Any] | None:
    """What this key was good for within the last hour, else None."""
    name = _name(key)
    try:
        path = _folder() / name
        if time.time() - path.stat().st_mtime > VALID_S:
            path.unlink(missing_ok=True)
            return None
        facts: dict[str, Any] = json.loads(crypto.unseal(_sealing_key(key), path.read_bytes(), bound_to=name.encode()))
    except (OSError, ValueError, MemshadowError):
        return None
    return facts


def forget(key: str) -> None:
    """A key that was refused is good for nothing any more."""
    name = _name(key)
    _written.pop(name, None)
    with suppress(OSError):
        (_folder() / name).unlink(missing_ok=True)


def prune() -> int:
    """Remove what is too old to be believed; returns how many."""
    count = 0
    with suppress(OSError):
        for path in _folder().iterdir():
            if time.time() - path.stat().st_mtime > VALID_S:
                path.unlink(missing_ok=True)
                count += 1
    return count


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "gateway-callers"


def _name(key: str) -> str:
    return crypto.derive_key(key.encode(), "gateway caller's name").hex()[:32]


def _sealing_key(key: str) -> bytes:
    return crypto.derive_key(key.encode(), "gateway caller's seal")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
