"""`manage.py up`: from nothing to a running product, and back to nothing when it is told to stop.

The supervisor itself never loads Django: it lives as long as the product, and would hold that memory for nothing.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from typing import IO

from memshadow.data_folder import DataFolderLock, require_room, require_writable
from memshadow.lib.errors import Unavailable
from memshadow.settings.env import BASE_DIR, Env
from memshadow.supervisor.health import is_ready
from memshadow.supervisor.listening import listen
from memshadow.supervisor.output import say
from memshadow.supervisor.services import CHILD_ENVIRONMENT, Database, enricher, web_server, worker
from memshadow.supervisor.signals import Signals, StopRequested
from memshadow.supervisor.tree import Tree

MANAGE = BASE_DIR / "manage.py"
# How `manage.py prepare --link` marks the owner's link among its lines.
LINK_MARK = "owner-link "
_PREPARE_STOP_TIMEOUT_S = 20.0


def serve(env: Env) -> None:
    """Run the product until a signal stops it. Raises MemshadowError when a part cannot start."""
    require_writable(env.data_dir)
    require_room(env.data_dir)
    lock = DataFolderLock(env.data_dir)
    try:
        with listen(env.host, env.port) as listener, Signals() as signals:
            _run(env, listener, Tree(signals), signals)
    finally:
        lock.release()


def _run(env: Env, listener: socket.socket, tree: Tree, signals: Signals) -> None:
    try:
        link = _start(env, listener, tree, signals)
        tree.run(lambda: is_ready(env), lambda: _ready(tree, link))
        say("stopping")
    except StopRequested:
        say("stopped while starting")
    except Exception:
        # What a signal interrupts may fail in its own way on the way out; asked to stop, that is no failure.
        if not signals.stops:
            raise
        say("stopped while starting")
    finally:
        # From here on new connections are refused instead of waiting for an answer that never comes.
        listener.close()
        tree.stop()


def _start(env: Env, listener: socket.socket, tree: Tree, signals: Signals) -> str:
    """Start everything; returns the one-time link that makes the owner, '' when there is an owner."""
    if env.database_url is None:
        tree.start(Database(env.data_dir), foundation=True)
    with signals.interrupting():
        link = prepare()
    tree.start(web_server(listener.fileno()))
    return link


def _ready(tree: Tree, link: str) -> None:
    """The web server answers: now the worker may have the processor for its own start."""
    _announce(link)
    tree.start(worker(MANAGE))
    tree.start(enricher())


def prepare() -> str:
    """Schema, static files and model, made ready by `manage.py prepare`; returns the owner's link, if any.

    Raises Unavailable with the command's own message when it fails.
    """
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(  # noqa: S603 - our own interpreter and fixed words
            [sys.executable, str(MANAGE), "prepare", "--link"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env=os.environ | CHILD_ENVIRONMENT,
            start_new_session=True,
        ) as process,
    ):
        try:
            link = _relay_until_link(process.stdout)
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait(_PREPARE_STOP_TIMEOUT_S)
            raise
        if status != 0:
            complaints.seek(0)
            raise Unavailable(_complaint(complaints.read(), status))
    return link


def _relay_until_link(lines: IO[str] | None) -> str:
    link = ""
    for line in lines or ():
        if line.startswith(LINK_MARK):
            link = line.removeprefix(LINK_MARK).strip()
        else:
            say(line.rstrip())
    return link


def _complaint(text: str, status: int) -> str:
    """What the command complained about; a whole traceback only where it did not explain itself."""
    marks = ("CommandError: ", "memshadow: ")
    explained = [line for line in text.splitlines() if line.startswith(marks)]
    if not explained:
        return f"Preparing the product failed (status {status}):\n{text.strip()}"
    first = text.index(explained[0])
    message = text[first:].strip()
    return message.removeprefix(marks[0]).removeprefix(marks[1])


def _announce(link: str) -> None:
    """Print the address and, while nobody owns the server, the one-time link that makes the owner."""
    from memshadow.settings import BASE_URL

    say(f"MEMSHADOW is ready at {BASE_URL}")
    if link:
        say("Nobody owns this server yet. Make the owner's account with this link (once, within a day):")
        say(link)
