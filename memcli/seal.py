"""The commands about the key, and about sealed memories that search cannot find."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from memcli.client import Server
from memcli.errors import CannotOpen, CliError
from memcli.opening import Opener, key_file, passphrase
from memcli.options import AsJson, Embedding, MemoryId, NoEmbedding, ServerName, connect, id_of
from memcli.sealed import new_sealed, vectors_of
from memcli.sealing import hybrid
from memcli.showing import as_json, console, note

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Your key for sealed memories.")


@app.command()
def keygen(
    classic: Annotated[bool, typer.Option("--classic", help="X25519 alone, for age before version 1.3.")] = False,
    another: Annotated[
        bool, typer.Option("--another", help="Beside the key that is there: the old one still opens.")
    ] = False,
) -> None:
    """Make your key: X25519 with ML-KEM-768, which a quantum computer does not break, under a passphrase."""
    key = key_file()
    if key.exists and not another:
        raise CliError(f"There is a key at {key.path}. Use --another for a new one; the old one goes on opening.")
    recipient = key.add(passphrase(confirm=not key.exists), classic=classic)
    console().print(f"{key.path}\nFor: {_short(recipient)}", markup=False)
    note(
        "Keep a copy of this file and the passphrase elsewhere. Without both, nobody can read what you seal: not you, "
        "not the server, not its administrator."
    )


@app.command()
def show(json_: AsJson = False) -> None:
    """Show for whom texts are sealed here. This half is no secret."""
    key = key_file()
    recipient = key.recipient()
    post_quantum = recipient.startswith(hybrid.RECIPIENT)
    if json_:
        return as_json(
            {"key_file": str(key.path), "there": key.exists, "recipient": recipient, "post_quantum": post_quantum}
        )
    return console().print(f"{key.path}{'' if key.exists else ' (missing!)'}\n{recipient}", markup=False)


@app.command("passphrase")
def change_passphrase() -> None:
    """Change the passphrase of your key."""
    key = key_file()
    identities = key.identities(passphrase())
    chosen = str(typer.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True))
    key.write(identities, chosen)
    console().print("Changed. Copies of the key file made before still have the old passphrase.")


@app.command()
def memory(
    memory_id: MemoryId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    embedding: Embedding = None,
    no_embedding: NoEmbedding = False,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Seal a memory that is in the open: the server erases its text, earlier versions, author and metadata.

    Tags, kind, persona, conversation, times and source stay in the open. This cannot be undone; the text opens with
    your key. Needs the right to delete.
    """
    connected = connect(server)
    place = f"/memories/{id_of(memory_id)}"
    found = connected.get(place)
    if found["sealed"]:
        raise CliError("This memory is sealed already.")
    if not key_file().exists:
        raise CannotOpen(f"The key is not here ({key_file().path}): what is sealed could not be read. See seal keygen.")
    if not yes:
        _confirm(found)
    body = new_sealed(connected, found["content"], embedding=embedding, without=no_embedding)
    made = connected.post(f"{place}/seal", body | {"updated_at": found["updated_at"]})
    if json_:
        return as_json(made)
    return console().print("Sealed. Backups that were made before still hold the text.")


def _confirm(found: dict[str, Any]) -> None:
    """Raises CliError where nobody can be asked, and ends the program when the person says no."""
    if not sys.stdin.isatty():
        raise CliError("Nobody can be asked here whether its history shall be erased: say --yes.")
    lost = [f"{found['revision_count']} earlier versions"]
    lost += [name for name in ("author", "metadata") if found[name]]
    typer.confirm(f"The server erases its text, {', '.join(lost)}. Seal it?", abort=True, err=True)


@app.command()
def refresh(server: ServerName = None, json_: AsJson = False) -> None:
    """Make the vectors that search lacks, such as after the server changed its embedding model."""
    connected, opener = connect(server), Opener()
    made, closed = 0, dict[str, int]()
    for memory in list(connected.pages("/sealed/without-vectors")):
        opened = opener.open(memory)
        if opened.why_not:
            closed[opened.why_not] = closed.get(opened.why_not, 0) + 1
            continue
        _give(connected, memory, opened.text)
        made += 1
    if json_:
        as_json({"refreshed": made, "not_opened": sum(closed.values())})
    else:
        console().print(f"{made} sealed memories can be found again." if made else "Nothing to do.")
    if closed:
        raise CannotOpen(" ".join(f"{count} stay sealed. {why}" for why, count in closed.items()))


def _give(server: Server, memory: dict[str, Any], text: str) -> None:
    vectors = vectors_of(server, text)
    if vectors is None:
        raise CliError("No embedding model is on this machine: name its folder in MEMCLI_MODEL_DIR.")
    server.put(f"/sealed/{memory['id']}/vectors", vectors.body())


def _short(recipient: str) -> str:
    return recipient if len(recipient) < 80 else f"{recipient[:24]}… (memcli seal show prints all of it)"
