"""Where a page ends, as text that a client sends back, with what a reranker said so that all pages have one order."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from memshadow.lib.errors import ValidationFailed

_LAST = struct.Struct(">f16s")
_SCORE = struct.Struct(">3sB")
_STEPS = 100  # a score is kept in hundredths


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last hit's total and memory id; `reranked`: scores 0..1 of the memories that were reranked, by `mark`."""

    total: float
    memory_id: bytes
    reranked: Mapping[bytes, float]


def mark(memory_id: UUID) -> bytes:
    """Three random bytes of an id: enough to tell the memories of one ranking apart."""
    return memory_id.bytes[-3:]


def encode(cursor: Cursor) -> str:
    """The cursor as text for an address."""
    scores = (_SCORE.pack(key, round(score * _STEPS)) for key, score in cursor.reranked.items())
    packed = _LAST.pack(cursor.total, cursor.memory_id) + b"".join(scores)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> Cursor:
    """The cursor that `encode` wrote. Raises ValidationFailed for anything else."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        total, memory_id = _LAST.unpack_from(packed)
        scores = {key: score / _STEPS for key, score in _SCORE.iter_unpack(packed[_LAST.size :])}
        return Cursor(float(total), bytes(memory_id), scores)
    except (binascii.Error, struct.error, ValueError):
        raise ValidationFailed("That cursor is not valid; ask for the first page without one.") from None
