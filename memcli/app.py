"""The commands. `main` turns what went wrong into one line and an exit code."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer

from memcli import asking, changing, credentials, moving, seal, showing, signing_in
from memcli.bridge import Bridge
from memcli.client import Server, close_all
from memcli.credentials import Credentials
from memcli.errors import CannotOpen, CliError
from memcli.opening import Opener
from memcli.options import AsJson, Embedding, Limit, MemoryId, ServerName, Tags, connect, id_of, space_meant
from memcli.sealed import question_vector
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
for command in (changing.add, changing.edit, changing.delete, changing.unseal, moving.export, asking.context):
    app.command()(command)
app.command("import")(moving.import_)


@app.callback()
def options(
    space: Annotated[
        str | None,
        typer.Option("--space", envvar="MEMCLI_SPACE", help="Name or id of a space: its memories, not your own."),
    ] = None,
) -> None:
    """Before the command: what all of them take."""
    space_meant.set(space)


@app.command()
def login(
    server: Annotated[str | None, typer.Argument(help="Such as https://memory.example.org.")] = None,
    api_key: Annotated[bool, typer.Option("--api-key", help="Give an API key instead of signing in.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Ask to be allowed to download everything, too.")] = False,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Even without encryption on the way.")] = False,
) -> None:
    """Sign in at a server: by a code that you confirm in a browser, or with an API key."""
    address = credentials.server_address(server)
    signing_in.check_transport(address, allow_http=allow_http)
    known = Credentials(api_key=_read_key()) if api_key else signing_in.sign_in(address, _tell, may_export=export)
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
    connected = connect(server)
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
    connected = connect(server)
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
    connected, asked = connect(server), " ".join(question)
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
    memory = connect(server).get(f"/memories/{id_of(memory_id)}")
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
    page = connect(server).get("/memories", limit=limit, tag=tag, sealed=sealed)
    showing.show_list(page["items"], Opener(), json_=json_)


@app.command()
def mcp(server: ServerName = None) -> None:
    """Serve MCP on standard input and output: an assistant starts this, and gets the tools of your server.

    It acts for whoever is signed in here, or for MEMCLI_API_KEY. Troubles are told on standard error, and to the
    assistant as errors of its requests; it goes on when the server is back. It ends when standard input does.
    """
    try:
        with os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as output:
            Bridge(connect(server), sys.stdin.buffer, output, note).run()
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


def _read_key() -> str:
    """From a person without showing it, or from standard input; never from an argument, which others can list."""
    key = typer.prompt("API key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    return credentials.clean_key(str(key))


def _tell(question: signing_in.Question) -> None:
    note(f"Open {question.url}\nand confirm the code {question.code} there. Waiting …")
    typer.launch(question.url) if sys.stdout.isatty() else None
