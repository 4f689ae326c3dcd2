"""Building blocks for sample archives: JSON, zips with a fixed date, and files that damage on purpose."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

DATE = (2026, 1, 2, 3, 4, 6)


def dumps(value: Any) -> bytes:
    """JSON as the vendors write it: UTF-8, not escaped."""
    return json.dumps(value, ensure_ascii=False).encode()


def lines(*values: Any) -> bytes:
    """One JSON value a line."""
    return b"".join(dumps(value) + b"\n" for value in values)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The same bytes for the same members: no time of day gets in."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = compression
            archive.writestr(info, data)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """The zip with every member marked as encrypted, in the local and the central headers."""
    raw = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(signature)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(signature, at + 4)
    return bytes(raw)
