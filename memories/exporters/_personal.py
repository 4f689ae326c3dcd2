"""Everything that the server holds of a person as one ZIP: the complete export, and every row that names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accounts.models import User
from accounts.personal_rows import as_json, exported_tables, readable_rows
from memories.exporters._jsonl import jsonl_chunks
from memories.exporters._rows import EVERYTHING
from memories.exporters._zip import ZipWriter
from memshadow.lib.clock import now

_PART_BYTES = 4 * 1024**2
_ABOUT = """Everything that this MEMSHADOW server holds of you.

memories/   your memories with their history, tags, conversations, links and saved searches: the complete export,
            which any MEMSHADOW imports again (put the parts together in their order first)
account.json   your account
rows/       every other row that names you, one file for each kind, one JSON object a line; texts are decrypted

Left out: passwords, keys and tokens, which are stored as hashes or sealed and are of no use to read; and the search
index, which is computed from your memories.
"""


def personal_chunks(owner: User) -> Iterator[bytes]:
    """The archive, part by part; nothing is read before it is asked for."""
    archive, at = ZipWriter(), now()
    yield archive.member("README.txt", _ABOUT.encode(), at)
    yield archive.member("account.json", as_json(_account(owner)).encode(), at)
    for number, part in enumerate(_parts(jsonl_chunks(owner, EVERYTHING)), start=1):
        yield archive.member(f"memories/{number:04}.jsonl", part, at)
    for table in exported_tables():
        lines = (as_json(row).encode() + b"\n" for row in readable_rows(table, owner.id))
        for number, part in enumerate(_parts(lines), start=1):
            yield archive.member(f"rows/{table.model._meta.label_lower}-{number:04}.jsonl", part, at)
    yield from archive.end()


def _account(owner: User) -> dict[str, object]:
    names = (
        "id",
        "email",
        "display_name",
        "role",
        "is_active",
        "is_staff",
        "created_at",
        "last_login",
        "secret_policy",
    )
    return {name: getattr(owner, name) for name in names}


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces in parts of some megabytes, each ending with a line."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        if len(buffer) >= _PART_BYTES:
            cut = buffer.rindex(b"\n") + 1
            yield bytes(buffer[:cut])
            del buffer[:cut]
    if buffer:
        yield bytes(buffer)
