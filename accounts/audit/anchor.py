"""The anchor: the chain's end as it was lately, in a file beside the keys, where no SQL reaches.

A database can be put back to an older state, head included, and everything in it is consistent. The file remembers.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from accounts.audit.chain import head_seal, key_of
from accounts.models.audit import AuditChain
from memshadow.lib.crypto import keyed_hash


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry that was there: its place and its link. Not genuine: written under another chain's key, or altered."""

    position: int = 0
    mac: bytes = b""
    genuine: bool = False


def anchor_file() -> Path:
    """Where the anchor is kept."""
    path: Path = settings.DATA_DIR / "audit-anchor.json"
    return path


def drop_anchor() -> None:
    """Remember the chain's end, if it is sealed rightly and continues what is remembered."""
    head = AuditChain.objects.first()
    if head is None:
        return
    key, mac = key_of(head), bytes(head.mac)
    kept = read_anchor(key)
    backwards = kept is not None and (not kept.genuine or kept.position > head.position)
    if backwards or head_seal(key, head.position, mac) != bytes(head.seal):
        return
    text = json.dumps({"position": head.position, "mac": mac.hex(), "seal": _seal(key, head.position, mac).hex()})
    path = anchor_file()
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def read_anchor(key: bytes) -> Anchor | None:
    """The remembered end, or None when nothing is remembered yet."""
    try:
        said = json.loads(anchor_file().read_text(encoding="utf-8"))
        position, mac = int(said["position"]), bytes.fromhex(said["mac"])
        return Anchor(position, mac, genuine=_seal(key, position, mac).hex() == said["seal"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Anchor()


def _seal(key: bytes, position: int, mac: bytes) -> bytes:
    return keyed_hash(key, "anchor", str(position), mac.hex())
