"""The commands. `main` turns what went wrong into one line and an exit code."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from memcli import credentials, seal, showing, signing_in
from memcli.bridge import Bridge
from memcli.client import Server, close_all
from memcli.credentials import Credentials
from memcli.errors import CannotOpen, CliError, NotThere
from memcli.opening import Opener
from memcli.sealed import new_sealed, question_vector
from memcli.showing import as_json, console, note

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Memories on the command line: yours, on your server, and sealed where you like.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not signed in or not allowed, 4 no such memory, "
    "5 the server is away, 6 sealed and not to be opened.",
)
app.add_typer(seal.app, name="seal")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServerName = Annotated[str | None, typer.Option("--server", help="Address of the server; the last one when left out.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="May be repeated.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many at most.")]
MemoryId = Annotated[str, typer.Argument(help="The memory's id, as list and search show it.")]
Embedding = Annotated[
    Path | None, typer.Option("--embedding", help='JSON file {"embedding_model": …, "vectors": [[…]]} made elsewhere.')
]


@app.command()
def login(
    server: Annotated[str | None, typer.Argument(help="Such as https://memory.example.org.")] = None,
    api_key: Annotated[bool, typer.Option("--api-key", help="Give an API key instead of signing in.")] = False,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Even without encryption on the way.")] = False,
) -> None:
    """Sign in at a server: by a code that you confirm in a browser, or with an API key."""
    address = credentials.server_address(server)
    signing_in.check_transport(address, allow_http=allow_http)
    known = Credentials(api_key=_read_key()) if api_key else signing_in.sign_in(address, _tell)
    me = Server(address, known).get("/me")
    credentials.keep(address, known)
    console().print(f"Signed in at {address} as {me['email']}.", markup=False)


@app.command()
def logout(server: ServerName = None) -> None:
    """Sign out: the sign-in ends at the server, and this machine forgets it. An API key stays valid."""
    address = credentials.server_address(server)
    try:
        signing_in.sign_out(address, credentials.credentials_for(address))
    finally:
        credentials.forget(address)
    console().print(f"Signed out at {address}.", markup=False)


@app.command()
def whoami(server: ServerName = None, json_: AsJson = False) -> None:
    """Say who you are there, and what this program may do."""
    connected = _server(server)
    me = connected.get("/me")
    if json_:
        return as_json({"server": connected.address, **me})
    console().print(
        f"{me['email']} ({me['role']}) at {connected.address}\nMay: {', '.join(me['scopes'])}", markup=False
    )
    return None


@app.command()
def status(server: ServerName = None, json_: AsJson = False) -> None:
    """Count what is remembered, and say whether search is complete and what it cannot find."""
    connected = _server(server)
    numbers, sealed = connected.get("/stats"), connected.get("/sealed")
    if json_:
        return as_json({"server": connected.address, **numbers, "sealed": sealed})
    lines = [
        f"{numbers['memories']} memories in {numbers['conversations']} conversations at {connected.address}",
        f"{numbers['pending']} wait for the search index, {numbers['failed']} failed",
        f"{sealed['memories']} sealed; search uses {sealed['embedding_model']} ({sealed['dimension']} numbers)",
    ]
    console().print("\n".join(lines), markup=False)
    if sealed["without_vectors"]:
        note(f"Search cannot find {sealed['without_vectors']} of them. Run: memcli seal refresh")
    return None


@app.command()
def add(
    text: Annotated[list[str] | None, typer.Argument(help="The text; from standard input when left out or -.")] = None,
    tag: Tags = None,
    kind: Annotated[str, typer.Option(help="note, document, fact, summary or insight.")] = "note",
    sealed: Annotated[bool, typer.Option("--sealed", "-s", help="Encrypt it here: the server never reads it.")] = False,
    embedding: Embedding = None,
    no_embedding: Annotated[
        bool, typer.Option("--no-embedding", help="Send no vectors: search will not find it.")
    ] = False,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Remember a text. With --sealed, tags and kind stay readable for the server; the text does not."""
    said = _given(text)
    connected = _server(server)
    fields: dict[str, Any] = {"kind": kind, "tags": tag or [], "source": "cli"}
    if sealed:
        body = fields | new_sealed(connected, said, embedding=embedding, without=no_embedding)
        made = connected.post("/sealed", body)
    else:
        made = connected.post("/memories", fields | {"content": said})
    if json_:
        return as_json(made)
    return console().print(made["id"], markup=False)


@app.command()
def search(
    question: Annotated[list[str], typer.Argument(help="In plain words.")],
    sealed: Annotated[
        bool, typer.Option("--sealed", "-s", help="Make the question a vector here, so that the server never reads it.")
    ] = False,
    embedding: Embedding = None,
    limit: Limit = 10,
    tag: Tags = None,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Find memories by meaning and words; sealed ones, by meaning only, among them."""
    connected, asked = _server(server), " ".join(question)
    filters = {"tag": tag or []}
    if sealed:
        vector = question_vector(connected, asked, embedding=embedding)
        found = connected.post("/search/vector", {**vector, "limit": limit, "filters": filters})["items"]
        scores = [hit["similarity"] for hit in found]
    else:
        found = connected.post("/search", {"q": asked, "limit": limit, "filters": filters})["items"]
        scores = [hit["score"] for hit in found]
    showing.show_list([hit["memory"] for hit in found], Opener(), json_=json_, scores=scores)


@app.command()
def get(memory_id: MemoryId, server: ServerName = None, json_: AsJson = False) -> None:
    """Print one memory, opened if it is sealed and your key is here."""
    memory = _server(server).get(f"/memories/{_id(memory_id)}")
    opened = Opener().open(memory)
    if opened.why_not and not json_:
        raise CannotOpen(opened.why_not)
    showing.show_one(memory, opened, json_=json_)
    if opened.why_not:
        raise CannotOpen(opened.why_not)


@app.command("list")
def list_(
    limit: Limit = 20,
    tag: Tags = None,
    sealed: Annotated[bool | None, typer.Option("--sealed/--open", help="Only sealed ones, or only others.")] = None,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """List memories, newest first."""
    page = _server(server).get("/memories", limit=limit, tag=tag, sealed=sealed)
    showing.show_list(page["items"], Opener(), json_=json_)


@app.command()
def delete(memory_id: MemoryId, server: ServerName = None) -> None:
    """Move a memory to the trash, whence it can be restored."""
    _server(server).delete(f"/memories/{_id(memory_id)}")
    console().print("Moved to the trash.")


@app.command()
def mcp(server: ServerName = None) -> None:
    """Serve MCP on standard input and output: an assistant starts this, and gets the tools of your server.

    It acts for whoever is signed in here, or for MEMCLI_API_KEY. Troubles are told on standard error, and to the
    assistant as errors of its requests; it goes on when the server is back. It ends when standard input does.
    """
    try:
        with os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as output:
            Bridge(_server(server), sys.stdin.buffer, output, note).run()
    except KeyboardInterrupt:
        note("Stopped.")
        os._exit(130)  # without waiting for what the server has not answered yet


def main() -> None:
    """Run a command; what went wrong is one line on standard error and an exit code."""
    try:
        app()
    except CliError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    finally:
        close_all()


def _fail(message: str, code: int) -> None:
    if "--json" in sys.argv:
        sys.stderr.write(json.dumps({"error": message, "exit_code": code}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"memcli: {showing.printable(message)}\n")
    sys.exit(code)


def _server(name: str | None) -> Server:
    return Server(credentials.server_address(name))


def _given(words: list[str] | None) -> str:
    """The text of the arguments or of standard input. Raises CliError for none."""
    text = sys.stdin.read() if not words or words == ["-"] else " ".join(words)
    if not text.strip():
        raise CliError("There is no text: give it as an argument, or on standard input.")
    return text


def _id(text: str) -> str:
    """An id and nothing that would change the address. Raises NotThere."""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotThere(f"{text} is no memory's id.") from None


def _read_key() -> str:
    """From a person without showing it, or from standard input; never from an argument, which others can list."""
    key = typer.prompt("API key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    return str(key).strip()


def _tell(question: signing_in.Question) -> None:
    note(f"Open {question.url}\nand confirm the code {question.code} there. Waiting …")
    typer.launch(question.url) if sys.stdout.isatty() else None
