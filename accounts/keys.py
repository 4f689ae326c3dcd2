"""Each person's keys: made with the account, wrapped by the master key, unwrapped into short-lived memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from accounts import server_keys
from accounts.models.data_key import DataKey
from accounts.models.server_key import ServerKey
from accounts.server_keys import open_for_server, seal_for_server
from memshadow.lib import crypto
from memshadow.lib.errors import NotFound

__all__ = ["Keyring", "create_keys", "forget", "keyring", "open_for_server", "seal_for_server", "unwrap", "wrap"]

CACHE_S = 300.0
_CACHE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Keyring:
    """The unwrapped keys of one person. Never stored, logged or pickled."""

    owner_id: UUID
    seal_keys: dict[int, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    fingerprint_key: bytes = field(repr=False)
    lexeme_key: bytes = field(repr=False)
    name_key: bytes = field(repr=False)

    @property
    def newest(self) -> int:
        """The version of the data key that seals from now on."""
        return max(self.seal_keys)

    def seal(self, plaintext: bytes, *, bound_to: bytes) -> bytes:
        """Seal with the newest data key."""
        version = self.newest
        return crypto.seal(self.seal_keys[version], plaintext, bound_to=bound_to, key_version=version)

    def unseal(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """Open with the key version that the bytes name. Raises SealBroken."""
        return crypto.unseal(self._seal_key(crypto.sealed_key_version(sealed)), sealed, bound_to=bound_to)

    def file_key(self, version: int) -> bytes:
        """The key of files that were sealed with that version. Raises SealBroken."""
        return crypto.derive_key(self._seal_key(version), "file")

    def _seal_key(self, version: int) -> bytes:
        """One version; another process may have made it since these keys were read."""
        if version not in self.seal_keys:
            forget(self.owner_id)
            self.seal_keys.update(keyring(self.owner_id).seal_keys)
        if version not in self.seal_keys:
            raise crypto.SealBroken("The data key of this row is gone; restore it from a backup.")
        return self.seal_keys[version]


_rings: dict[UUID, tuple[float, Keyring]] = {}
_lock = threading.Lock()


def create_keys(owner_id: UUID) -> None:
    """Give a new person their keys."""
    with server_keys.wrapping() as master:
        DataKey.objects.bulk_create(new_key(master, owner_id, purpose, 1) for purpose in DataKey.Purpose.values)


def new_key(master: bytes, owner_id: UUID, purpose: str, version: int) -> DataKey:
    """A fresh data key, wrapped and bound to its row, which the caller saves."""
    row = DataKey(owner_id=owner_id, purpose=purpose, version=version)
    row.wrapped = wrap(master, crypto.random_key(), row)
    return row


def wrap(master: bytes, key: bytes, row: DataKey | ServerKey) -> bytes:
    """A key under the master key, bound to its row."""
    return crypto.seal(master, key, bound_to=server_keys.binding(row), key_version=server_keys.MASTER_KEY_VERSION)


def unwrap(row: DataKey) -> bytes:
    """The plain data key. Raises SealBroken when the master key is another one."""
    return server_keys.open_wrapped(bytes(row.wrapped), server_keys.binding(row))


def keyring(owner_id: UUID) -> Keyring:
    """The keys of one person, cached for five minutes. Raises NotFound when they were destroyed."""
    cached = _rings.get(owner_id)
    if cached and time.monotonic() - cached[0] < CACHE_S:
        return cached[1]
    ring = _load(owner_id)
    with _lock:
        if len(_rings) >= _CACHE_MAX:
            _rings.clear()
        _rings[owner_id] = (time.monotonic(), ring)
    return ring


def _kept_by_members(space_id: UUID) -> dict[tuple[str, int], bytes]:
    from accounts.spaces.wrapping import open_keys  # which needs the models, which need this module

    return open_keys(space_id)


def forget(owner_id: UUID | None = None) -> None:
    """Drop unwrapped keys from this process: one person's, or everyone's."""
    with _lock:
        _rings.clear() if owner_id is None else _rings.pop(owner_id, None)


def _load(owner_id: UUID) -> Keyring:
    found = {(row.purpose, row.version): unwrap(row) for row in DataKey.objects.filter(owner_id=owner_id)}
    found = found or _kept_by_members(owner_id)
    seal_keys = {version: key for (purpose, version), key in found.items() if purpose == DataKey.Purpose.SEAL}
    index_keys = {version: key for (purpose, version), key in found.items() if purpose == DataKey.Purpose.INDEX}
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
    )
