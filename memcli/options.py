"""What several commands take: their options, the server that they mean, an id, and a text from wherever it comes."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from memcli import credentials
from memcli.client import Server
from memcli.errors import CliError, NotThere

# More than a memory holds, whose limit is the server's to know; a stream without an end must not fill this machine.
_TEXT_MAX_CHARS = 8 * 1024**2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServerName = Annotated[str | None, typer.Option("--server", help="Address of the server; the last one when left out.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="May be repeated.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many at most.")]
MemoryId = Annotated[str, typer.Argument(help="The memory's id, as list and search show it.")]
Words = Annotated[list[str] | None, typer.Argument(help="The text; from standard input when left out or -.")]
Embedding = Annotated[
    Path | None, typer.Option("--embedding", help='JSON file {"embedding_model": …, "vectors": [[…]]} made elsewhere.')
]
NoEmbedding = Annotated[bool, typer.Option("--no-embedding", help="Send no vectors: search will not find it.")]
# What --space names, before the command; an empty one (a variable that is not set) is none.
space_meant: ContextVar[str | None] = ContextVar("space_meant", default=None)


def connect(name: str | None) -> Server:
    """The server of that name, or the last one, in the space that --space names.

    Raises NotAllowed when nobody is signed in there, NotThere for a space that one is not in.
    """
    server = Server(credentials.server_address(name))
    if space := space_meant.get():
        server.enter(space)
    return server


def id_of(text: str) -> str:
    """An id and nothing that would change the address. Raises NotThere."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotThere(f"{text} is no memory's id.") from None


def text_of(words: list[str] | None) -> str:
    """The text of the arguments or of standard input. Raises CliError for none, for no text, and for too much."""
    text = _read() if not words or words == ["-"] else " ".join(words)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 come in as lone surrogates
        raise CliError("This is no text in UTF-8. memcli import takes files of other kinds.") from None
    if not text.strip():
        raise CliError("There is no text: give it as an argument, or on standard input.")
    return text


def _read() -> str:
    try:
        text = sys.stdin.read(_TEXT_MAX_CHARS + 1)
    except UnicodeDecodeError:
        raise CliError("Standard input is no text in UTF-8. memcli import takes files of other kinds.") from None
    if len(text) > _TEXT_MAX_CHARS:
        raise CliError("This is more than a memory holds. memcli import takes long files and splits them.")
    return text
