"""The database for one management command: started for its lifetime when no server is up."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from memshadow.data_folder import require_room, require_writable
from memshadow.embedded_postgres._server import Handle, ensure_running
from memshadow.lib.errors import MemshadowError
from memshadow.parent_death import watch_parent

# Set by the supervisor for its children: the server's life is its own business, not theirs.
SUPERVISED = "MEMSHADOW_SUPERVISED"
_NEED_NO_DATABASE = frozenset(
    {
        *("up", "doctor", "help", "version", "collectstatic", "findstatic", "makemessages"),
        *("compilemessages", "startapp", "startproject", "diffsettings"),
    }
)


@contextmanager
def for_command(argv: Sequence[str]) -> Iterator[None]:
    """Keep the embedded server up while the command of `argv` (as in sys.argv) runs, if it needs one.

    Starts nothing with DATABASE_URL, under the supervisor, and for commands without a database. A
    MemshadowError, of the server or of the command, ends the process with its one message and status 1.
    """
    try:
        _require_folder(argv)
        if list(argv[1:]) == ["up"]:
            _serve()
        handle = _server_for(argv)
        if handle is None:
            yield
            return
        with _signals_unwind():
            try:
                yield
            finally:
                handle.release()
    except MemshadowError as error:
        sys.exit(f"memshadow: {error}")


def _require_folder(argv: Sequence[str]) -> None:
    """Settings write secrets into the data folder on import: say what is wrong with it before that.

    Importing `memshadow.settings.env` would import all settings, so that one file is run by itself.
    """
    env = runpy.run_path(str(Path(__file__).parent.parent / "settings" / "env.py"))["env"]
    data_dir: Path = env.data_dir
    if argv[1:2] == ["up"]:
        require_writable(data_dir)
        require_room(data_dir)
    elif not env.secret_key and not (data_dir / "secret.key").exists():
        require_writable(data_dir)


def _serve() -> NoReturn:
    """Run the supervisor here and now: it needs no Django, and must not carry it around."""
    from memshadow.settings.env import env
    from memshadow.supervisor.starting import serve

    serve(env)
    sys.exit(0)


def _server_for(argv: Sequence[str]) -> Handle | None:
    if os.environ.get(SUPERVISED):
        watch_parent()
        return None
    if not _needs_database(argv):
        return None
    from memshadow.settings.env import env

    return None if env.database_url else ensure_running(env.data_dir)


def _needs_database(argv: Sequence[str]) -> bool:
    if len(argv) < 2 or argv[1].startswith("-") or {"--help", "-h", "--version"} & set(argv[2:]):
        return False
    if argv[1] == "check":
        return "--database" in argv
    if argv[1] == "prepare":
        return not {"--files", "--static", "--model"} & set(argv)
    return argv[1] not in _NEED_NO_DATABASE


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command by an exception, so that the server is not left behind."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    watched = (signal.SIGTERM, signal.SIGHUP)
    for number in watched:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number in watched:
            if signal.getsignal(number) is leave:
                signal.signal(number, signal.SIG_DFL)
