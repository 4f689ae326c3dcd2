"""What the master key opens: proof that it is the right one, the wrapping of keys, and the server's own secrets."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

from accounts import master_key
from accounts.models.data_key import DataKey
from accounts.models.server_key import ServerKey
from memshadow.lib import crypto
from memshadow.lib.secret_files import read_or_create

MASTER_KEY_VERSION = 1
# Whoever wraps a key shares this lock until its commit; a rotation of the master key holds it alone.
_LOCK: Final = 0x6D656D05
_server_keys: dict[int, bytes] = {}
_lock = threading.Lock()
Reseal = Callable[[], int]
_resealers: dict[str, Reseal] = {}


def verify() -> None:
    """Prove that the master key opens what this database holds; changes nothing. Fine when it holds nothing yet.

    Raises MasterKeyWrong or MasterKeyMissing, and Unavailable when the key cannot be had.
    """
    witness = _witness()
    if witness is None:
        if not master_key.is_missing():
            master_key.keys()
        return
    try:
        open_wrapped(*witness)
    except crypto.SealBroken:
        raise master_key.MasterKeyWrong(
            f"The master key in {master_key.source().name} is not the one that this database was made with. Put that "
            "key back (from your backup) and start again. Nothing was changed."
        ) from None


def _witness() -> tuple[bytes, bytes] | None:
    """(bytes, binding) of a key that the master key must open, or None when nothing is wrapped yet."""
    tables = connection.introspection.table_names()
    if ServerKey._meta.db_table in tables and (newest := ServerKey.objects.order_by("-version").first()):
        return bytes(newest.wrapped), binding(newest)
    if DataKey._meta.db_table in tables and (row := DataKey.objects.order_by("id").first()):
        return bytes(row.wrapped), binding(row)
    return None


def ensure_server_key() -> None:
    """Make the server's first key, which also is what `verify` looks at. Raises as `verify` does."""
    if ServerKey.objects.exists():
        return
    verify()
    with transaction.atomic():
        _lock_keys(alone=True)
        if not ServerKey.objects.exists():
            key = _newest_of_source()
            # The key that sealed the server's secrets before it had a row of its own.
            first = ServerKey(version=1)
            first.wrapped = crypto.seal(
                key, crypto.derive_key(key, "server-secrets"), bound_to=binding(first), key_version=MASTER_KEY_VERSION
            )
            first.save(force_insert=True)


def binding(row: DataKey | ServerKey) -> bytes:
    """What a wrapped key is bound to: its row's identity."""
    if isinstance(row, ServerKey):
        return f"server_key|{row.version}".encode()
    return f"data_key|{row.owner_id}|{row.purpose}|{row.version}".encode()


def open_wrapped(wrapped: bytes, bound_to: bytes) -> bytes:
    """The plain key. A source that was changed since it was read is read again. Raises SealBroken."""
    for key in _source_keys():
        try:
            return crypto.unseal(key, wrapped, bound_to=bound_to)
        except crypto.SealBroken:
            continue
    master_key.forget()
    for key in reversed(_source_keys()):
        try:
            return crypto.unseal(key, wrapped, bound_to=bound_to)
        except crypto.SealBroken as error:
            broken = error
    raise broken


@contextmanager
def wrapping() -> Iterator[bytes]:
    """A transaction in which keys may be wrapped under the master key that it yields: no rotation comes between."""
    ensure_server_key()
    with transaction.atomic():
        _lock_keys(alone=False)
        yield current_master()


@contextmanager
def rotating() -> Iterator[bytes]:
    """A transaction in which nobody else wraps a key; yields the master key that holds until now."""
    ensure_server_key()
    with transaction.atomic():
        _lock_keys(alone=True)
        yield current_master()


def current_master() -> bytes:
    """Which of the source's keys is in force: the one that opens the newest server key. Raises as `verify` does."""
    verify()
    witness = _witness()
    if witness is None:
        return _newest_of_source()
    for key in reversed(_source_keys()):
        try:
            crypto.unseal(key, witness[0], bound_to=witness[1])
        except crypto.SealBroken:
            continue
        return key
    raise AssertionError("verify() found a key that opens it")


def _newest_of_source() -> bytes:
    return _source_keys()[-1]


def _source_keys() -> tuple[bytes, ...]:
    """The source's keys; a missing file is made only for a database in which nothing is wrapped yet."""
    if master_key.is_missing() and _witness() is None:
        path = master_key.source().path
        assert path is not None  # noqa: S101 - only files are missing
        read_or_create(path, lambda: base64.b64encode(crypto.random_key()).decode())
        master_key.forget()
    return master_key.keys()


def _lock_keys(*, alone: bool) -> None:
    statement = "SELECT pg_advisory_xact_lock(%s)" if alone else "SELECT pg_advisory_xact_lock_shared(%s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [_LOCK])


def seal_for_server(plain: bytes, *, bound_to: bytes) -> bytes:
    """A secret of the server itself (no person's) under the newest server key."""
    if not _server_keys:
        _load()
    version = max(_server_keys)
    return crypto.seal(_server_keys[version], plain, bound_to=bound_to, key_version=version)


def open_for_server(sealed: bytes, *, bound_to: bytes) -> bytes:
    """What `seal_for_server` sealed. Raises SealBroken when its key is not there."""
    version = crypto.sealed_key_version(sealed)
    if version not in _server_keys:
        _load()
    if version not in _server_keys:
        raise crypto.SealBroken("The server key of this secret is gone; enter the secret again.")
    return crypto.unseal(_server_keys[version], sealed, bound_to=bound_to)


def on_rotation(name: str, reseal: Reseal) -> None:
    """Have `reseal` seal a kind of server secret anew when the master key is rotated; it returns how many there were.

    It runs in the rotation's transaction. A secret of which nobody tells here still opens: old versions are kept.
    """
    _resealers[name] = reseal


def reseal_all() -> int:
    """Seal every registered server secret under the newest server key; returns how many."""
    forget()
    return sum(reseal() for reseal in _resealers.values())


def forget() -> None:
    """Drop the unwrapped server keys from this process."""
    with _lock:
        _server_keys.clear()


def _load() -> None:
    ensure_server_key()
    found = {row.version: open_wrapped(bytes(row.wrapped), binding(row)) for row in ServerKey.objects.all()}
    with _lock:
        _server_keys.update(found)
