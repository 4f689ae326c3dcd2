"""Whole files in and out: import an archive and follow it, export into a file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from memcli.client import Server
from memcli.errors import CliError, ServerAway
from memcli.options import AsJson, ServerName, connect
from memcli.showing import as_json, console, printable

FORMATS = ("jsonl", "markdown", "csv", "parquet", "jsonld", "graphml", "facts-csv", "entities-csv")
_ASK_EVERY_S = 1.0
_PATIENCE = 5  # times in a row that a server may not answer while an import is followed
_ENDED = ("done", "cancelled", "failed")
_COUNTS = ("imported", "updated", "duplicates", "skipped", "failed")


def import_(
    file: Annotated[Path, typer.Argument(help="A chat export or any file of a known format; - for standard input.")],
    persona: Annotated[str | None, typer.Option(help="Id of the persona that the memories belong to.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and store nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is done.")] = True,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Import chats, notes and documents. The format is known by the content; the same file twice adds nothing."""
    connected = connect(server)
    form = {"dry_run": "true" if dry_run else "false"} | ({"persona": persona} if persona else {})
    job = _uploaded(connected, file, form)
    if wait:
        job = _followed(connected, job)
    if json_:
        as_json(job)
    else:
        console().print(_summary(job), markup=False)
    if job["state"] in ("failed", "cancelled"):
        raise CliError(f"The import {job['state']}. {job['error']}".strip())


def _uploaded(server: Server, file: Path, form: dict[str, str]) -> dict[str, Any]:
    if str(file) == "-":
        return _spooled(server, form)
    try:
        with file.open("rb") as content:
            return _posted(server, file.name, content, form)
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from None


def _spooled(server: Server, form: dict[str, str]) -> dict[str, Any]:
    """Standard input by way of a file: a request that is sent again must begin anew."""
    with tempfile.TemporaryFile() as kept:
        while part := sys.stdin.buffer.read(1024**2):
            kept.write(part)
        kept.seek(0)
        return _posted(server, "standard input", kept, form)


def _posted(server: Server, name: str, content: Any, form: dict[str, str]) -> dict[str, Any]:
    server.get("/me")  # what has expired is renewed before the long upload
    job: dict[str, Any] = server.upload("/imports", {"file": (name, content)}, form)
    return job


def _followed(server: Server, job: dict[str, Any]) -> dict[str, Any]:
    """The import when it has ended; how far it is goes to standard error, where somebody looks at it."""
    silent = 0
    with _bar(TextColumn("{task.fields[said]}")) as progress:
        task = progress.add_task("import", total=100, said="waits")
        while job["state"] not in _ENDED:
            time.sleep(_ASK_EVERY_S)
            try:
                job, silent = server.get(f"/imports/{job['id']}"), 0
            except ServerAway:
                silent += 1
                if silent == _PATIENCE:
                    raise ServerAway(
                        f"{server.address} does not answer. The import goes on there: {job['id']}"
                    ) from None
            progress.update(task, completed=job["percent"], said=_so_far(job))
    return job


def _so_far(job: dict[str, Any]) -> str:
    left = f", {job['seconds_left']:.0f} s left" if job["seconds_left"] is not None else ""
    return f"{job['counts']['imported']} imported{left}"


def _summary(job: dict[str, Any]) -> str:
    counts = ", ".join(f"{job['counts'][name]} {name}" for name in _COUNTS)
    would = " (dry run: nothing was stored)" if job["dry_run"] else ""
    return f"{job['id']}  {job['state']}  {job['format'] or 'format not known yet'}\n{counts}{would}"


def export(
    file: Annotated[
        Path | None, typer.Argument(help="Where to; - for standard output. Named by itself if left out.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", "-f", help=f"{', '.join(FORMATS)}; jsonl is complete.")] = "jsonl",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Even when the file is there.")] = False,
    server: ServerName = None,
) -> None:
    """Download your memories into a file. Sealed ones stay sealed in it. Needs the scope export.

    The file is there when it is whole, and not before.
    """
    if format_ not in FORMATS:
        raise CliError(f"--format is one of {', '.join(FORMATS)}.")
    if file and str(file) != "-" and file.exists() and not overwrite:
        raise CliError(f"{file} is there already. Use --overwrite, or another name.")
    with connect(server).download(f"/exports/{format_}") as response:
        if str(file) == "-":
            _to_standard_output(response)
        else:
            _into(file, response, overwrite)


def _to_standard_output(response: httpx.Response) -> None:
    for part in response.iter_bytes():
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def _into(file: Path | None, response: httpx.Response, overwrite: bool) -> None:
    target = file or Path(_suggested(response))
    if target.exists() and not overwrite:
        raise CliError(f"{target} is there already. Use --overwrite, or another name.")
    with _written_whole(target) as kept, _bar(DownloadColumn(), TransferSpeedColumn()) as progress:
        task = progress.add_task("export", total=None)
        for part in response.iter_bytes():
            kept.write(part)
            progress.advance(task, len(part))
    console().print(f"{target}  {target.stat().st_size} bytes", markup=False)


def _suggested(response: httpx.Response) -> str:
    """The name that the server gives it: a name, never a path."""
    named = response.headers.get("Content-Disposition", "").partition('filename="')[2].partition('"')[0]
    return Path(printable(named)).name or "memshadow-export"


@contextmanager
def _written_whole(target: Path) -> Any:
    """A file that takes its name when it is complete; memories are for nobody else to read (mode 0600)."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise CliError(f"{target} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "wb") as kept:
            yield kept
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _bar(*columns: Any) -> Progress:
    """On standard error and where it is a terminal; elsewhere silent."""
    shown = Console(stderr=True)
    return Progress(BarColumn(), *columns, console=shown, transient=True, disable=not shown.is_terminal)
