"""Starting, finding, adopting and stopping the embedded server."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from memshadow.embedded_postgres import _account, _cluster, _locks, _process
from memshadow.embedded_postgres._failure import EmbeddedPostgresError, explain
from memshadow.embedded_postgres._places import binary, cluster_folder, database_url, log_file, socket_folder
from memshadow.embedded_postgres._tuning import server_settings
from memshadow.parent_death import ends_with_parent

READY_TIMEOUT_S = 300.0
_SETTLE_TIMEOUT_S = 60.0
_LOG_LIMIT_BYTES = 5_000_000
_STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))


@dataclass(slots=True)
class Handle:
    """A running embedded server and this process's stake in it."""

    data_dir: Path
    pid: int
    process: subprocess.Popen[bytes] | None
    """The server when this process started it, None when it was found running."""
    _users: _locks.FileLock = field(repr=False)

    @property
    def url(self) -> str:
        """The address of the product's database on this server."""
        return database_url(self.data_dir)

    def alive(self) -> bool:
        """Whether the server process still runs."""
        if self.process is not None:
            return self.process.poll() is None
        return _process.is_postgres_of(self.pid, cluster_folder(self.data_dir))

    def ask_to_stop(self) -> None:
        """Begin a fast shutdown and return at once."""
        self._signal(signal.SIGINT)

    def stop(self, timeout_s: float = _STOP_STEPS[0][1]) -> None:
        """Stop the server whoever uses it: politely for `timeout_s`, then harder. Idempotent."""
        with _locks.starting(self.data_dir):
            self._stop(timeout_s)
        self._users.close()

    def release(self) -> None:
        """Give up this process's stake; the last one to do so stops the server."""
        with _locks.starting(self.data_dir):
            if self._users.try_exclusive():
                self._stop(_STOP_STEPS[0][1])
            self._users.close()

    def kill(self) -> None:
        """End the server at once, as a power cut would; the next start recovers."""
        self._signal(signal.SIGKILL)
        _process.wait_until(lambda: not self.alive(), _STOP_STEPS[-1][1])
        self._forget_socket()
        self._users.close()

    def _stop(self, timeout_s: float) -> None:
        for number, patience_s in ((_STOP_STEPS[0][0], timeout_s), *_STOP_STEPS[1:]):
            self._signal(number)
            if _process.wait_until(lambda: not self.alive(), patience_s):
                self._forget_socket()
                return

    def _forget_socket(self) -> None:
        """Leave no folder behind in /tmp; one that still holds something stays."""
        with suppress(OSError):
            socket_folder(self.data_dir).rmdir()

    def _signal(self, number: signal.Signals) -> None:
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def __enter__(self) -> Handle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def is_running(data_dir: Path) -> bool:
    """Whether an embedded server of `data_dir` accepts connections now. Starts nothing."""
    found = _process.find_postmaster(cluster_folder(data_dir))
    return found is not None and found.ready


def ensure_running(
    data_dir: Path, *, output: int | None = None, die_with_parent: bool = False, durable: bool = True
) -> Handle:
    """The embedded server of `data_dir`, ready: the one that runs, or a new one (made on first use).

    `output`: file descriptor or subprocess.PIPE for the server's log (default: `postgres.log` in `data_dir`).
    `die_with_parent`: the kernel shuts the server down when this process dies (Linux). `durable=False`: for
    tests. Raises EmbeddedPostgresError, with the remedy, when it cannot run.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _account.account_for(cluster_folder(data_dir))
        with _locks.starting(data_dir):
            return _find_or_start(data_dir.resolve(), output, die_with_parent, durable)
    except OSError as error:
        raise explain("The embedded database cannot run", str(error), data_dir) from error


def _find_or_start(data_dir: Path, output: int | None, die_with_parent: bool, durable: bool) -> Handle:
    cluster = cluster_folder(data_dir)
    account = _account.account_for(cluster)
    users = _locks.users(data_dir)
    try:
        found = _settled_postmaster(cluster)
        if found is not None:
            _private_folder(socket_folder(data_dir), account)
            users.share()
            return Handle(data_dir, found.pid, None, users)
        _prepare(data_dir, cluster, account, users)
        process = _spawn(data_dir, cluster, account, output, die_with_parent, durable)
        users.share()
        return Handle(data_dir, process.pid, process, users)
    except BaseException:
        users.close()
        raise


def _settled_postmaster(cluster: Path) -> _process.Postmaster | None:
    """The ready server, after one that is starting up or shutting down has finished doing so."""
    found = _process.find_postmaster(cluster)
    if found is None or found.ready:
        return found

    def settled() -> bool:
        now = _process.find_postmaster(cluster)
        return now is None or now.ready

    if not _process.wait_until(settled, _SETTLE_TIMEOUT_S):
        raise EmbeddedPostgresError(
            f"The database server (process {found.pid}) neither starts nor stops; end it with `kill -INT {found.pid}`."
        )
    return _process.find_postmaster(cluster)


def _prepare(data_dir: Path, cluster: Path, account: _account.Account | None, users: _locks.FileLock) -> None:
    """Everything that must be in place before the server program starts."""
    if account:
        _account.open_to(account, [data_dir])
        _account.take_over(account, cluster)
    _cluster.ensure_cluster(cluster, account)
    _private_folder(socket_folder(data_dir), account)
    if not (cluster / "postmaster.pid").exists():
        return
    if not _process.wait_until(lambda: not _process.any_postgres_of(cluster), _SETTLE_TIMEOUT_S):
        raise EmbeddedPostgresError(f"Processes of a killed server still work in {cluster}: end them and start again.")
    # Anyone who holds the users' lock may be in another container, where this one cannot see a live server.
    if users.try_exclusive():
        _process.remove_reused_pid_file(cluster)


def _private_folder(folder: Path, account: _account.Account | None) -> None:
    """Make the socket's folder for the server's account alone; refuse one that somebody else made."""
    uid = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    status = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or status.st_uid != uid:
        raise EmbeddedPostgresError(
            f"{folder} belongs to somebody else (uid {status.st_uid}): remove it, or choose a shorter "
            "MEMSHADOW_DATA_DIR."
        )
    folder.chmod(0o700)


def _spawn(
    data_dir: Path,
    cluster: Path,
    account: _account.Account | None,
    output: int | None,
    die_with_parent: bool,
    durable: bool,
) -> subprocess.Popen[bytes]:
    settings = server_settings(socket_folder(data_dir), durable=durable)
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with _log(data_dir) as log:
        start = log.tell()
        process = subprocess.Popen(  # noqa: S603 - our own binary and computed settings
            [str(binary("postgres")), "-D", str(cluster), *options],
            stdin=subprocess.DEVNULL,
            stdout=log if output is None else output,
            stderr=subprocess.STDOUT,
            cwd=cluster,
            env=_cluster.ENVIRONMENT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGINT) if die_with_parent else None,
            **_popen_account(account),
        )
    try:
        _wait_ready(process, data_dir, cluster, start)
    except BaseException:
        # A signal while it starts must not leave it behind.
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    return process


def _popen_account(account: _account.Account | None) -> dict[str, Any]:
    return account.popen_options() if account else {}


def _log(data_dir: Path) -> IO[bytes]:
    path = log_file(data_dir)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.unlink()
    log = path.open("ab")
    path.chmod(0o600)
    return log


def _wait_ready(process: subprocess.Popen[bytes], data_dir: Path, cluster: Path, log_start: int) -> None:
    def decided() -> bool:
        found = _process.find_postmaster(cluster)
        ready = found is not None and found.pid == process.pid and found.ready
        return ready or process.poll() is not None

    if _process.wait_until(decided, READY_TIMEOUT_S) and process.poll() is None:
        return
    if process.poll() is None:
        process.kill()
    process.wait()
    raise explain("PostgreSQL did not start", _what_it_said(process, data_dir, log_start), data_dir)


def _what_it_said(process: subprocess.Popen[bytes], data_dir: Path, log_start: int) -> str:
    if process.stdout is not None:
        with process.stdout as stream:
            return stream.read().decode(errors="replace")
    with log_file(data_dir).open("rb") as log:
        log.seek(log_start)
        return log.read().decode(errors="replace")
