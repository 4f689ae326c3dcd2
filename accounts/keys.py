"""Each person's keys: made with the account, wrapped by the master key, unwrapped into short-lived memory."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from accounts.models.data_key import DataKey
from memshadow.lib import crypto
from memshadow.lib.errors import NotFound, Unavailable
from memshadow.lib.secret_files import read_or_create
from memshadow.settings.env import env

_CACHE_S = 300.0
_CACHE_MAX = 10_000
MASTER_KEY_VERSION = 1


@dataclass(frozen=True, slots=True)
class Keyring:
    """The unwrapped keys of one person. Never stored, logged or pickled."""

    owner_id: UUID
    seal_keys: dict[int, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    fingerprint_key: bytes = field(repr=False)
    lexeme_key: bytes = field(repr=False)
    name_key: bytes = field(repr=False)
    file_key: bytes = field(repr=False)

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes:
        """Seal with the newest data key."""
        version = max(self.seal_keys)
        return crypto.seal(self.seal_keys[version], plaintext, bound_to=bound_to, key_version=version)

    def unseal(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """Open with the key version that the bytes name. Raises SealBroken."""
        key = self.seal_keys.get(crypto.sealed_key_version(sealed))
        if key is None:
            raise crypto.SealBroken("The data key of this row is gone; restore it from a backup.")
        return crypto.unseal(key, sealed, bound_to=bound_to)


_rings: dict[UUID, tuple[float, Keyring]] = {}
_lock = threading.Lock()


@lru_cache(maxsize=1)
def master_key() -> bytes:
    """The server's key: from MEMSHADOW_MASTER_KEY, its file, or `master.key` in the data directory.

    Raises Unavailable when it is not 32 bytes in base64.
    """
    if env.master_key:
        text, origin = env.master_key, "MEMSHADOW_MASTER_KEY"
    else:
        path = env.master_key_file or settings.DATA_DIR / "master.key"
        text, origin = read_or_create(path, _new_master_key), str(path)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != crypto.KEY_BYTES:
        raise Unavailable(f"{origin} must hold 32 bytes in base64; restore the key that this data was made with.")
    return key


def _new_master_key() -> str:
    return base64.b64encode(crypto.random_key()).decode()


def create_keys(owner_id: UUID) -> None:
    """Give a new person their keys."""
    DataKey.objects.bulk_create(
        DataKey(owner_id=owner_id, purpose=purpose, version=1, wrapped=wrap(crypto.random_key(), owner_id, purpose, 1))
        for purpose in DataKey.Purpose.values
    )


def wrap(key: bytes, owner_id: UUID, purpose: str, version: int) -> bytes:
    """A data key under the master key, bound to its row."""
    bound_to = f"data_key|{owner_id}|{purpose}|{version}".encode()
    return crypto.seal(master_key(), key, bound_to=bound_to, key_version=MASTER_KEY_VERSION)


def unwrap(row: DataKey) -> bytes:
    """The plain data key. Raises SealBroken when the master key is another one."""
    bound_to = f"data_key|{row.owner_id}|{row.purpose}|{row.version}".encode()
    return crypto.unseal(master_key(), bytes(row.wrapped), bound_to=bound_to)


def seal_for_server(plain: bytes, *, bound_to: bytes) -> bytes:
    """A secret of the server itself (no person's) under the master key."""
    return crypto.seal(_server_key(), plain, bound_to=bound_to, key_version=MASTER_KEY_VERSION)


def open_for_server(sealed: bytes, *, bound_to: bytes) -> bytes:
    """What `seal_for_server` sealed. Raises SealBroken when the master key is another one."""
    return crypto.unseal(_server_key(), sealed, bound_to=bound_to)


def _server_key() -> bytes:
    return crypto.derive_key(master_key(), "server-secrets")


def keyring(owner_id: UUID) -> Keyring:
    """The keys of one person, cached for five minutes. Raises NotFound when they were destroyed."""
    cached = _rings.get(owner_id)
    if cached and time.monotonic() - cached[0] < _CACHE_S:
        return cached[1]
    ring = _load(owner_id)
    with _lock:
        if len(_rings) >= _CACHE_MAX:
            _rings.clear()
        _rings[owner_id] = (time.monotonic(), ring)
    return ring


def forget(owner_id: UUID | None = None) -> None:
    """Drop unwrapped keys from this process: one person's, or everyone's."""
    with _lock:
        _rings.clear() if owner_id is None else _rings.pop(owner_id, None)


def _load(owner_id: UUID) -> Keyring:
    rows = list(DataKey.objects.filter(owner_id=owner_id))
    seal_keys = {r.version: unwrap(r) for r in rows if r.purpose == DataKey.Purpose.SEAL}
    index_keys = {r.version: unwrap(r) for r in rows if r.purpose == DataKey.Purpose.INDEX}
    if not seal_keys or not index_keys:
        raise NotFound("This account has no keys; its data cannot be read any more.")
    index_key = index_keys[max(index_keys)]
    return Keyring(
        owner_id=owner_id,
        seal_keys=seal_keys,
        index_key=index_key,
        fingerprint_key=crypto.derive_key(index_key, "fingerprint"),
        lexeme_key=crypto.derive_key(index_key, "lexeme"),
        name_key=crypto.derive_key(index_key, "name"),
        file_key=crypto.derive_key(seal_keys[min(seal_keys)], "file"),
    )
