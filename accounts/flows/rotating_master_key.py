"""A new master key: every key is wrapped again in one transaction, so that the old one holds or the new one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from accounts import keys, master_key, server_keys
from accounts.audit import record
from accounts.models import DataKey, ServerKey
from memshadow.lib import crypto
from memshadow.lib.errors import Conflict

_BATCH = 5000


@dataclass(frozen=True, slots=True)
class MasterKeyRotated:
    """What a rotation did. `remove_old` names the place out of which the administrator takes the old key, if any."""

    data_keys: int
    server_keys: int
    secrets: int
    took_s: float
    remove_old: str


def rotate_master_key() -> MasterKeyRotated:
    """Wrap every data key and server key under a new master key, and seal the server's secrets anew.

    A file gets the new key behind the old one first, and loses the old one at the end: killed in between, every
    process finds the one that fits. Where the key is in the environment or comes from a command, the
    administrator has put the new one behind the old one. Raises Conflict when they have not.
    """
    started = time.monotonic()
    with server_keys.rotating() as old:
        new = _next_key(old)
        wrapped = _wrap_data_keys(new)
        servers = _wrap_server_keys(new)
        secrets = server_keys.reseal_all()
        record("master_key.rotated", actor=None, data_keys=wrapped, server_keys=servers, secrets=secrets)
    server_keys.forget()
    remove = _settle(new)
    return MasterKeyRotated(wrapped, servers, secrets, time.monotonic() - started, remove)


def _next_key(old: bytes) -> bytes:
    known, place = master_key.keys(again=True), master_key.source()
    if known[-1] != old:
        return known[-1]
    if not place.can_be_written:
        raise Conflict(
            f"Put a new key behind the old one in {place.name} (on a line of its own, or after a comma), restart every "
            "process, and run this again."
        )
    new = crypto.random_key()
    master_key.write(old, new)
    return new


def _settle(new: bytes) -> str:
    """Leave the new key alone in the file; where that is not ours to write, name the place."""
    place = master_key.source()
    if not place.can_be_written:
        return place.name
    master_key.write(new)
    return ""


def _wrap_data_keys(new: bytes) -> int:
    rows = DataKey.objects.order_by("id").iterator(_BATCH)
    count, batch = 0, list[DataKey]()
    for row in rows:
        row.wrapped = keys.wrap(new, keys.unwrap(row), row)
        batch.append(row)
        if len(batch) == _BATCH:
            count += _store(batch)
            batch = []
    return count + _store(batch)


def _store(rows: Sequence[DataKey]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_datakey k SET wrapped = n.wrapped "
            "FROM unnest(%s::bigint[], %s::bytea[]) AS n(id, wrapped) WHERE k.id = n.id",
            [[row.pk for row in rows], [bytes(row.wrapped) for row in rows]],
        )
    return len(rows)


def _wrap_server_keys(new: bytes) -> int:
    """Every version under the new master key, and a new version that seals from now on."""
    rows = list(ServerKey.objects.all())
    for row in _rewrapped(rows, new):
        row.save(update_fields=["wrapped"])
    latest = ServerKey(version=rows[-1].version + 1)
    latest.wrapped = keys.wrap(new, crypto.random_key(), latest)
    latest.save(force_insert=True)
    return len(rows) + 1


def _rewrapped(rows: Sequence[ServerKey], new: bytes) -> Iterator[ServerKey]:
    for row in rows:
        row.wrapped = keys.wrap(new, server_keys.open_wrapped(bytes(row.wrapped), server_keys.binding(row)), row)
        yield row
