"""How much a reader accepts before it says no: a guard against bombs that honest exports never meet."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes after decompression unless they say otherwise."""

    item_bytes: int = 64 * MIB  # one conversation, or one line
    item_containers: int = 1_000_000  # objects and arrays in it: 3 bytes of JSON make 64 or more in memory
    item_commas: int = 4_000_000  # the same guard for long arrays of scalars
    depth: int = 200  # ChatGPT's deepest honest nesting is about 20
    text_bytes: int = 64 * MIB  # a text, Markdown or HTML file, which is held whole
    document_bytes: int = 512 * MIB  # a PDF, which is read from disk page by page
    pages: int = 20_000
    cell_bytes: int = 8 * MIB  # one entry of MyActivity.html
    members: int = 200_000
    archive_bytes: int = 64 * GIB  # all that is read from one archive
    nested_bytes: int = 2 * GIB  # a zip within the zip is unpacked to a temporary file
    ratio: int = 250  # uncompressed to compressed, looked at once a member passes ratio_floor_bytes
    ratio_floor_bytes: int = 64 * MIB
    turns: int = 2_000  # in one ParsedConversation; longer ones come in parts
    part_chars: int = 8_000_000
    head_bytes: int = MIB  # looked at to recognise a file


DEFAULT = Limits()
