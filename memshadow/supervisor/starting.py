"""`manage.py up`: from nothing to a running product, and back to nothing when it is told to stop."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable

from django.db import connections

from memshadow.data_folder import DataFolderLock, require_room, require_writable
from memshadow.lib.errors import Unavailable
from memshadow.settings.env import BASE_DIR, Env
from memshadow.supervisor import preparing
from memshadow.supervisor.health import is_ready
from memshadow.supervisor.listening import listen
from memshadow.supervisor.output import say
from memshadow.supervisor.services import Database, web_server, worker
from memshadow.supervisor.signals import Signals, StopRequested
from memshadow.supervisor.tree import Tree

MANAGE = BASE_DIR / "manage.py"


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
        _start(env, listener, tree, signals)
        tree.run(lambda: is_ready(env), lambda: say_where(env))
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


def _start(env: Env, listener: socket.socket, tree: Tree, signals: Signals) -> None:
    if env.database_url is None:
        tree.start(Database(env.data_dir), foundation=True)
    with signals.interrupting():
        preparing.prepare_database(say)
        preparing.prepare_static(say)
        prepare_model_apart()
    tree.start(worker(MANAGE))
    tree.start(web_server(listener.fileno()))


def prepare_model_apart(run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> None:
    """Build the model in a process of its own: the builder's libraries would stay in this one for ever."""
    if preparing.model_is_prepared():
        return
    say("preparing the embedding model (once, some seconds)")
    command = [sys.executable, str(MANAGE), "prepare", "--model"]
    result = run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Unavailable(f"The embedding model could not be prepared: {reason.removeprefix('memshadow: ')}")


def say_where(env: Env) -> None:
    """Print the address and, while nobody owns the server, the one-time link that makes the owner."""
    from django.conf import settings

    from accounts.flows.setup import setup_link

    link = setup_link()
    connections.close_all()
    say(f"MEMSHADOW is ready at {settings.BASE_URL}")
    if link:
        say("Nobody owns this server yet. Make the owner's account with this link (once, within a day):")
        say(link)
