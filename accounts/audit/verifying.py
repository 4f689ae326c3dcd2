"""Checking the audit trail: the first entry that was altered, forged, removed or moved, and which of these it is."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from accounts.audit import chain
from accounts.audit.anchor import Anchor, anchor_file, read_anchor
from accounts.models.audit import AuditChain, AuditEvent
from memshadow.lib.crypto import SealBroken

_READ_AT_ONCE = 2000


class Fault(StrEnum):
    """What can be wrong with a trail."""

    ALTERED = "altered"
    MISSING = "missing"
    MOVED = "moved"
    UNLINKED = "unlinked"
    NEWEST_MISSING = "newest missing"
    HEAD = "head"
    CHECKPOINT = "checkpoint"
    ROLLED_BACK = "rolled back"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first fault: what, at which place in the chain, and in words what it means."""

    fault: Fault
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """How many entries are proven, from the first to the last place, and the fault that ended it, if any."""

    checked: int
    first: int
    last: int
    finding: Finding | None = None


class _Broken(Exception):
    def __init__(self, fault: Fault, position: int, text: str) -> None:
        super().__init__(text)
        self.finding = Finding(fault, position, text)


class _Walk:
    """Follows the chain entry by entry from where it begins."""

    def __init__(self, key: bytes, position: int, mac: bytes) -> None:
        self.key, self.start, self.position, self.mac = key, position, position, mac

    def follow(self, event: AuditEvent, anchor: Anchor | None) -> None:
        """Take one step. Raises _Broken at the first fault."""
        place, mac = event.position or 0, bytes(event.mac or b"")
        if not hmac.compare_digest(chain.entry_mac(self.key, event), mac):
            text = f"Entry {place} ({event.action}, {event.created_at:%Y-%m-%d %H:%M}) was altered or forged."
            raise _Broken(Fault.ALTERED, place, text)
        if place <= self.position:
            text = f"Entry {place} ({event.action}) stands before the checkpoint at {self.start}: put back by hand."
            raise _Broken(Fault.UNLINKED, place, text)
        if place != self.position + 1:
            raise _Broken(Fault.MISSING, self.position + 1, _missing(self.position + 1, place - 1))
        if bytes(event.previous or b"") != self.mac:
            raise _out_of_order(event, place)
        if anchor is not None and anchor.position == place and anchor.mac != mac:
            raise _Broken(Fault.ROLLED_BACK, place, f"Entry {place} is not the one that {anchor_file()} remembers.")
        self.position, self.mac = place, mac


def verify() -> Report:
    """Check every entry against its own hash, its place, the head, the checkpoint and the anchor file."""
    head = AuditChain.objects.first()
    if head is None:
        return _without_head()
    try:
        key = chain.key_of(head)
    except SealBroken as error:
        return Report(0, 0, 0, Finding(Fault.KEY, 0, f"The chain's key does not open: {error.message}"))
    walk = _Walk(key, 0, chain.START)
    try:
        _begin(walk)
        anchor = _anchor_of(key)
        _follow_all(walk, anchor)
        _check_end(walk, anchor)
    except _Broken as broken:
        return Report(walk.position - walk.start, walk.start + 1, walk.position, broken.finding)
    return Report(walk.position - walk.start, walk.start + 1, walk.position)


def _without_head() -> Report:
    gone = AuditEvent.objects.exists() or anchor_file().exists()
    text = "The chain's head is gone from the database: nothing can be proven. Restore a backup."
    return Report(0, 0, 0, Finding(Fault.HEAD, 0, text) if gone else None)


def _begin(walk: _Walk) -> None:
    """Start behind the newest checkpoint, if it is sealed rightly."""
    checkpoint = chain.newest_checkpoint()
    if checkpoint is None:
        return
    mac = bytes(checkpoint.mac)
    sealed = chain.checkpoint_seal(walk.key, checkpoint.position, mac, checkpoint.removed)
    if not hmac.compare_digest(sealed, bytes(checkpoint.seal)):
        text = f"The checkpoint at {checkpoint.position} was not written by this server: older entries were removed."
        raise _Broken(Fault.CHECKPOINT, checkpoint.position, text)
    walk.start, walk.position, walk.mac = checkpoint.position, checkpoint.position, mac


def _anchor_of(key: bytes) -> Anchor | None:
    anchor = read_anchor(key)
    if anchor is not None and not anchor.genuine:
        text = f"{anchor_file()} does not belong to this trail: one of them was replaced. After restoring a backup on "
        raise _Broken(Fault.ROLLED_BACK, anchor.position, text + "purpose, delete the file.")
    return anchor


def _follow_all(walk: _Walk, anchor: Anchor | None) -> None:
    if (stray := AuditEvent.objects.filter(position=None).first()) is not None:
        text = f"Entry {stray.id} ({stray.action}) stands outside the chain: it was put into the table by hand."
        raise _Broken(Fault.UNLINKED, 0, text)
    for event in _entries_after(0):
        walk.follow(event, anchor)


def _entries_after(position: int) -> Iterator[AuditEvent]:
    return AuditEvent.objects.filter(position__gt=position).order_by("position").iterator(chunk_size=_READ_AT_ONCE)


def _check_end(walk: _Walk, anchor: Anchor | None) -> None:
    """Compare the last entry with the head, which is read last: entries may have come meanwhile, head and all."""
    head = AuditChain.objects.get()
    while head.position > walk.position:
        came = list(_entries_after(walk.position))
        if not came:
            raise _Broken(Fault.NEWEST_MISSING, walk.position + 1, _missing(walk.position + 1, head.position))
        for event in came:
            walk.follow(event, anchor)
        head = AuditChain.objects.get()
    sealed = chain.head_seal(walk.key, head.position, bytes(head.mac))
    at_end = head.position == walk.position and bytes(head.mac) == walk.mac
    if not at_end or not hmac.compare_digest(sealed, bytes(head.seal)):
        text = f"The chain's head (at {head.position}) does not belong to its last entry ({walk.position})."
        raise _Broken(Fault.HEAD, walk.position, text)
    if anchor is not None and anchor.position > walk.position:
        text = f"{_missing(walk.position + 1, anchor.position)} {anchor_file()} remembers them; the database was put "
        raise _Broken(Fault.ROLLED_BACK, walk.position + 1, text + "back. If you did that, delete the file.")


def _missing(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _out_of_order(event: AuditEvent, place: int) -> _Broken:
    """An entry of this server that does not follow the one before it: moved, or what it followed is gone."""
    before = AuditEvent.objects.filter(mac=event.previous).first()
    if before is None:
        return _Broken(Fault.MISSING, place, f"What stood before entry {place} ({event.action}) is missing.")
    text = f"Entry {place} ({event.action}) belongs after entry {before.position}: entries were moved."
    return _Broken(Fault.MOVED, place, text)
