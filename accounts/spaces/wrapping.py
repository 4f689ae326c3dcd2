"""A space's data keys: random, and kept by its members alone, each copy sealed under that member's own data key.

A copy says inside which space, purpose and version it belongs to, so that one that was moved in the database does not
open another space. A member's request reaches the other members' copies here, so this module works outside the wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from accounts.models import DataKey, Space, SpaceKey
from memshadow.lib import crypto
from memshadow.lib.errors import NotFound
from memshadow.lib.row_wall import outside_the_wall

Name = tuple[str, int]
Keys = dict[Name, bytes]


@outside_the_wall()
def make_keys(space_id: UUID, member_id: UUID) -> None:
    """Give a new space its keys, kept by its first member."""
    _keep(space_id, member_id, {(purpose, 1): crypto.random_key() for purpose in DataKey.Purpose.values})


@outside_the_wall()
def open_keys(space_id: UUID) -> Keys:
    """The plain keys by purpose and version, each from the first member whose copy opens; empty when none does."""
    found: Keys = {}
    for row in SpaceKey.objects.filter(space_id=space_id).order_by("created_at", "id"):
        if (row.purpose, row.version) in found:
            continue
        try:
            found[row.purpose, row.version] = _opened(row)
        except (NotFound, crypto.SealBroken):
            continue  # this member's keys are gone or damaged; another's may open
    return found


@outside_the_wall()
def holders_of(space_id: UUID) -> set[UUID]:
    """Who keeps a copy."""
    return set(SpaceKey.objects.filter(space_id=space_id).values_list("owner_id", flat=True))


@outside_the_wall()
def hold_only(space_id: UUID, member_ids: Iterable[UUID]) -> tuple[set[UUID], set[UUID]]:
    """See that these members, and nobody else, keep a copy of every key; returns who got one and who lost theirs.

    Raises NotFound when a copy is due and nobody's opens any more. Safe to run twice, and at once.
    """
    wanted = set(member_ids)
    with transaction.atomic():
        if not Space.objects.select_for_update().filter(id=space_id).exists():
            return set(), set()
        known = set(SpaceKey.objects.filter(space_id=space_id).values_list("purpose", "version"))
        kept = SpaceKey.objects.filter(space_id=space_id).values_list("owner_id", "purpose", "version")
        have: dict[UUID, set[Name]] = {}
        for member_id, purpose, version in kept:
            have.setdefault(member_id, set()).add((purpose, version))
        lacking = {member_id for member_id in wanted if have.get(member_id, set()) != known}
        if lacking:
            _share_out(space_id, {member_id: have.get(member_id, set()) for member_id in lacking})
        lost = set(have) - wanted
        SpaceKey.objects.filter(space_id=space_id, owner_id__in=lost).delete()
    return lacking, lost


@outside_the_wall()
def add_version(space_id: UUID) -> int | None:
    """A new version of the key that seals, for everyone who keeps the others; None when nobody's copy opens."""
    with transaction.atomic():
        Space.objects.select_for_update().get(id=space_id)
        found = open_keys(space_id)
        if not found:
            return None
        version = 1 + max(version for purpose, version in found if purpose == DataKey.Purpose.SEAL)
        fresh = {(str(DataKey.Purpose.SEAL), version): crypto.random_key()}
        for member_id in holders_of(space_id):
            _keep(space_id, member_id, fresh)
    return version


@outside_the_wall()
def drop_versions(space_id: UUID, below: int) -> int:
    """Remove older versions of the key that seals; returns how many there were."""
    older = SpaceKey.objects.filter(space_id=space_id, purpose=DataKey.Purpose.SEAL, version__lt=below)
    count = older.values("version").distinct().count()
    older.delete()
    return count


def _share_out(space_id: UUID, have: dict[UUID, set[Name]]) -> None:
    found = open_keys(space_id)
    if not found:
        raise NotFound("Nobody can open this space any more; its memories cannot be read.")
    for member_id, names in have.items():
        _keep(space_id, member_id, {name: key for name, key in found.items() if name not in names})


def _keep(space_id: UUID, member_id: UUID, found: Keys) -> None:
    for (purpose, version), key in found.items():
        row = SpaceKey(owner_id=member_id, space_id=space_id, purpose=purpose, version=version)
        row.secret = key + _label(row)
        row.save(force_insert=True)


def _opened(row: SpaceKey) -> bytes:
    plain: bytes = row.secret
    key, label = plain[: crypto.KEY_BYTES], plain[crypto.KEY_BYTES :]
    if label != _label(row):
        raise crypto.SealBroken("This copy of a key belongs to another space.")
    return key


def _label(row: SpaceKey) -> bytes:
    return f"{row.space_id}|{row.purpose}|{row.version}".encode()
