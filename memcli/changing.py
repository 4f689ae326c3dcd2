"""Commands that change memories: add, edit, delete."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from memcli.client import Server
from memcli.editor import edited
from memcli.errors import CannotOpen, CliError
from memcli.opening import Opener, key_file
from memcli.options import AsJson, Embedding, MemoryId, NoEmbedding, ServerName, Tags, Words, connect, id_of, text_of
from memcli.sealed import new_sealed, vectors_of
from memcli.sealing import texts
from memcli.showing import as_json, console, note


def add(
    text: Words = None,
    tag: Tags = None,
    kind: Annotated[str, typer.Option(help="note, document, fact, summary or insight.")] = "note",
    sealed: Annotated[bool, typer.Option("--sealed", "-s", help="Encrypt it here: the server never reads it.")] = False,
    embedding: Embedding = None,
    no_embedding: NoEmbedding = False,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Remember a text. With --sealed, tags and kind stay readable for the server; the text does not."""
    said = text_of(text)
    connected = connect(server)
    fields: dict[str, Any] = {"kind": kind, "tags": tag or [], "source": "cli"}
    if sealed:
        body = fields | new_sealed(connected, said, embedding=embedding, without=no_embedding)
        made = connected.post("/sealed", body)
    else:
        made = connected.post("/memories", fields | {"content": said})
    if json_:
        return as_json(made)
    return console().print(made["id"], markup=False)


def edit(
    memory_id: MemoryId,
    text: Annotated[list[str] | None, typer.Argument(help="The new text, whole; - for standard input.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="All its tags from now on; repeat it.")] = None,
    no_tags: Annotated[bool, typer.Option("--no-tags", help="Take all tags off.")] = False,
    pin: Annotated[bool | None, typer.Option("--pin/--unpin", help="Pin it, or not.")] = None,
    importance: Annotated[float | None, typer.Option(min=0, max=1, help="0 to 1.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with its history.")] = "",
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Change a memory. With nothing but an id, its text opens in your editor ($EDITOR).

    What it was stays in its history. A sealed memory's new text is sealed here, and its vectors are made anew.
    """
    connected, place = connect(server), f"/memories/{id_of(memory_id)}"
    changes: dict[str, Any] = {"pinned": pin, "importance": importance, "tags": [] if no_tags else tag}
    changes = {name: value for name, value in changes.items() if value is not None}
    before = connected.get(place)
    said = text_of(text) if text else None if changes else _edited(before)
    if said is not None and not before["sealed"]:
        changes["content"] = said
    elif said is not None:
        changes["ciphertext"] = texts.seal(said, key_file().recipient())
    changed = connected.patch(place, changes | {"reason": reason}) if changes else before
    if "ciphertext" in changes:
        changed = _with_vectors(connected, changed, said or "")
    if json_:
        return as_json(changed)
    return console().print("Nothing was changed." if changed["updated_at"] == before["updated_at"] else "Changed.")


def _edited(memory: dict[str, Any]) -> str | None:
    """What a person made of the text in their editor; None for nothing. Raises CliError where there is none."""
    if memory["sealed"]:
        raise CliError("An editor would leave the text of a sealed memory on the disk: give the new text, or - for it.")
    made = edited(memory["content"]).rstrip("\n")
    return None if made == memory["content"].rstrip("\n") else text_of([made])


def _with_vectors(server: Server, memory: dict[str, Any], text: str) -> dict[str, Any]:
    vectors = vectors_of(server, text)
    if vectors is None:
        note("No embedding model is on this machine: search does not find it by its new text. See memcli seal refresh.")
        return memory
    made: dict[str, Any] = server.put(f"/sealed/{memory['id']}/vectors", vectors.body())
    return made


def delete(memory_id: MemoryId, server: ServerName = None) -> None:
    """Move a memory to the trash, whence it can be restored."""
    connect(server).delete(f"/memories/{id_of(memory_id)}")
    console().print("Moved to the trash.")


def unseal(memory_id: MemoryId, server: ServerName = None) -> None:
    """Print a sealed memory's text and nothing else; it stays sealed at the server."""
    memory = connect(server).get(f"/memories/{id_of(memory_id)}")
    opened = Opener().open(memory)
    if opened.why_not:
        raise CannotOpen(opened.why_not)
    typer.echo(opened.text)
