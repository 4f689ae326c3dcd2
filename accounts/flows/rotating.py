"""A new data key for one person: made at once, and everything that they stored is encrypted again in the background.

Until the last row is through, both versions open. The old one goes when no row names it, no process can still hold it
(their keys live for `keys.CACHE_S`) and no transaction is open that began before that. The index key stays: it keys
hashes by which things are found, from which nothing can be read.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts import keys, server_keys
from accounts.audit import record
from accounts.models import DataKey, KeyRotation, User
from accounts.sealed import SealedColumn, sealed_columns
from accounts.spaces import wrapping
from memshadow.lib import jobs
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, MemshadowError
from memshadow.lib.sealed_file import seal_again, sealed_version

TASK = "accounts.tasks.rotate_data_keys"
# Longer than any process keeps unwrapped keys, with room for what it sealed and has not stored yet.
SETTLE = timedelta(seconds=2 * keys.CACHE_S)
_BATCH = 500
_State = KeyRotation.State
SealedFiles = Callable[[UUID], Iterator[tuple[Path, bytes]]]
_sealed_files: list[SealedFiles] = []


def has_sealed_files(files: SealedFiles) -> None:
    """Tell that `files(owner_id)` finds a person's sealed files (path, binding): rotation and erasure need it."""
    if files not in _sealed_files:
        _sealed_files.append(files)


def sealed_files_of(owner_id: UUID) -> list[tuple[Path, bytes]]:
    """(path, binding) of everything that this person has on disk."""
    return [found for files in _sealed_files for found in files(owner_id)]


def begin_rotation(*, owner: User, by: User | None = None, address: str | None = None) -> KeyRotation:
    """Make a new data key, which seals from now on, and have workers encrypt everything again.

    `by` is who asks, when it is not the owner: a space's keys are rotated by its manager. Raises Conflict while an
    earlier rotation is not through.
    """
    try:
        with server_keys.wrapping() as master:
            version = wrapping.add_version(owner.id) if owner.is_space else _add_version(master, owner.id)
            if version is None:
                raise Conflict("This account has no keys; its data cannot be read any more.")
            rotation = KeyRotation(owner=owner, to_version=version)
            rotation.rows_total = sum(_count(place, owner.id, version) for place in sealed_columns())
            rotation.save(force_insert=True)
            record("data_key.rotation_started", actor=by or owner, target=owner, address=address, version=version)
            jobs.wake(TASK)
    except IntegrityError as error:
        raise Conflict("Your data is being encrypted under a new key already; wait until that is done.") from error
    keys.forget(owner.id)
    return rotation


def _add_version(master: bytes, owner_id: UUID) -> int | None:
    newest = DataKey.objects.filter(owner_id=owner_id, purpose=DataKey.Purpose.SEAL).order_by("-version").first()
    if newest is None:
        return None
    keys.new_key(master, owner_id, DataKey.Purpose.SEAL, newest.version + 1).save(force_insert=True)
    return newest.version + 1


def rotation_of(owner: User) -> KeyRotation | None:
    """The rotation that runs, or the last one."""
    return KeyRotation.objects.filter(owner=owner).order_by("-started_at").first()


def rotate_pending(*, for_s: float = 20.0) -> int:
    """Bring every rotation as far as it goes in that time; returns how many rows were encrypted again.

    Safe to run twice, at once, and to be killed.
    """
    total, until = 0, time.monotonic() + for_s
    for rotation in KeyRotation.objects.exclude(state=_State.DONE).select_related("owner").order_by("started_at"):
        moved = _encrypt_again(rotation, until)
        total += moved
        if moved == 0:
            _settle(rotation)
    if time.monotonic() > until:
        jobs.wake(TASK)
    return total


def _encrypt_again(rotation: KeyRotation, until: float) -> int:
    """What still names an older version: files, then tables, batch by batch."""
    keys.forget(rotation.owner_id)
    moved = _files_again(rotation)
    for place in sealed_columns():
        for count in _column_again(place, rotation):
            moved += count
            KeyRotation.objects.filter(id=rotation.id).update(rows_done=_plus(rotation, count))
            if time.monotonic() > until:
                return moved
    return moved


def _plus(rotation: KeyRotation, count: int) -> int:
    rotation.rows_done = min(rotation.rows_done + count, max(rotation.rows_total, rotation.rows_done))
    return rotation.rows_done


def _column_again(place: SealedColumn, rotation: KeyRotation) -> Iterator[int]:
    after: UUID | None = None
    while True:
        with transaction.atomic():
            rows = _locked_rows(place, rotation, after)
            if not rows:
                return
            _store(place, [(key, _again(place, rotation.owner_id, key, sealed)) for key, sealed in rows])
        after = rows[-1][0]
        yield len(rows)


def _again(place: SealedColumn, owner_id: UUID, key: UUID, sealed: bytes) -> bytes:
    ring, bound_to = keys.keyring(owner_id), f"{place.table}|{place.column}|{key}|{owner_id}".encode()
    return ring.seal(ring.unseal(sealed, bound_to=bound_to), bound_to=bound_to)


def _older(place: SealedColumn) -> str:
    """Rows of %(owner)s whose `column` was sealed with another version: bytes 2 to 5 name it (lib/crypto.py)."""
    column = f'"{place.column}"'
    return f"owner_id = %(owner)s AND length({column}) > 0 AND substring({column} from 2 for 4) <> %(version)s"


def _values(owner_id: UUID, version: int) -> dict[str, UUID | bytes]:
    return {"owner": owner_id, "version": struct.pack(">I", version)}


def _count(place: SealedColumn, owner_id: UUID, version: int) -> int:
    statement = f'SELECT count(*) FROM "{place.table}" WHERE {_older(place)}'  # noqa: S608 - names of our own models
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(owner_id, version))
        return int(cursor.fetchone()[0])


def _locked_rows(place: SealedColumn, rotation: KeyRotation, after: UUID | None) -> list[tuple[UUID, bytes]]:
    further = "AND id > %(after)s" if after else ""
    statement = (
        f'SELECT id, "{place.column}" FROM "{place.table}" WHERE {_older(place)} {further} '  # noqa: S608
        f"ORDER BY id LIMIT {_BATCH} FOR UPDATE SKIP LOCKED"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_values(rotation.owner_id, rotation.to_version), "after": after})
        return [(key, bytes(sealed)) for key, sealed in cursor.fetchall()]


def _store(place: SealedColumn, rows: list[tuple[UUID, bytes]]) -> None:
    statement = (
        f'UPDATE "{place.table}" t SET "{place.column}" = n.sealed '  # noqa: S608 - names of our own models
        "FROM unnest(%s::uuid[], %s::bytea[]) AS n(id, sealed) WHERE t.id = n.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[key for key, _ in rows], [sealed for _, sealed in rows]])


def _files_again(rotation: KeyRotation) -> int:
    ring, moved = keys.keyring(rotation.owner_id), 0
    for path, bound_to in sealed_files_of(rotation.owner_id):
        try:
            if sealed_version(path) != rotation.to_version:
                seal_again(path, key_of=ring.file_key, key_version=rotation.to_version, bound_to=bound_to)
                moved += 1
        except (FileNotFoundError, MemshadowError):
            continue  # gone meanwhile, or damaged before: nothing in it needs the old key any more
    return moved


def _settle(rotation: KeyRotation) -> None:
    """Nothing names the old version now: once nobody can hold it any more, look once more and remove it."""
    if rotation.state == _State.RUNNING:
        KeyRotation.objects.filter(id=rotation.id).update(state=_State.SETTLING)
    if now() < rotation.started_at + SETTLE or _older_transaction(rotation):
        return
    with transaction.atomic():
        locked = KeyRotation.objects.select_for_update().get(id=rotation.id)
        left = sum(_count(place, rotation.owner_id, rotation.to_version) for place in sealed_columns())
        if locked.state == _State.DONE or left:
            return
        removed = _drop_versions(rotation.owner, rotation.to_version)
        locked.state, locked.finished_at, locked.rows_done = _State.DONE, now(), locked.rows_total
        locked.save(update_fields=["state", "finished_at", "rows_done"])
        record("data_key.rotated", actor=None, target=rotation.owner, version=rotation.to_version, removed=removed)
    keys.forget(rotation.owner_id)


def _drop_versions(owner: User, below: int) -> int:
    if owner.is_space:
        return wrapping.drop_versions(owner.id, below)
    seal = DataKey.Purpose.SEAL
    removed, _ = DataKey.objects.filter(owner=owner, purpose=seal, version__lt=below).delete()
    return removed


def _older_transaction(rotation: KeyRotation) -> bool:
    """Whether somebody's transaction has been open since before every process had the new key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start < %s)",
            [rotation.started_at + timedelta(seconds=keys.CACHE_S)],
        )
        return bool(cursor.fetchone()[0])
