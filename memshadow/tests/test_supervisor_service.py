"""The supervisor's parts: restarts with back-off, stops in order, the socket, the folder's lock, the complaints."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memshadow.data_folder import DataFolderLock, DataFolderUnusable, require_room, require_writable
from memshadow.supervisor import tree as tree_module
from memshadow.supervisor.listening import AddressUnusable, listen
from memshadow.supervisor.services import Program, worker
from memshadow.supervisor.signals import Signals, StopRequested
from memshadow.supervisor.starting import _complaint
from memshadow.supervisor.tree import HEALTHY_AFTER_S, StartFailed, Tree, Watch

ONE_HOUR = "import time; time.sleep(3600)"


@pytest.fixture
def signals() -> Iterator[Signals]:
    """The supervisor's signal handling, in place of pytest's own."""
    with Signals() as active:
        yield active


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    """Make a Python program under supervision; all are ended afterwards."""
    made: list[Program] = []

    def make(name: str, code: str) -> Program:
        made.append(Program(name, [sys.executable, "-c", code], {}))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def test_delays_double_up_to_a_limit_and_a_healthy_minute_resets_them(program: Callable[..., Program]) -> None:
    watch = Watch(program("x", ONE_HOUR), foundation=False, started_at=1000.0)
    assert [watch.delay_s(1001.0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert watch.delay_s(1000.0 + HEALTHY_AFTER_S) == 1


def test_background_work_gives_way(tmp_path: Path) -> None:
    polite = Program("polite", [sys.executable, "-c", ONE_HOUR], {}, niceness=5)
    try:
        polite.start()
        (pid,) = polite.pids()
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    finally:
        polite.kill()
    assert worker(tmp_path)._niceness == 5


def test_a_crashed_program_is_started_again(
    signals: Signals, program: Callable[..., Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "FIRST_DELAY_S", 0.01)
    log = tmp_path / "starts"
    code = f"open({str(log)!r}, 'a').write('x'); {ONE_HOUR}"
    tree = Tree(signals)
    victim = program("victim", code)
    tree.start(victim)
    phases = iter(["kill", "wait"])

    def starts() -> int:
        return len(log.read_text()) if log.exists() else 0

    def is_ready() -> bool:
        if starts() == 1 and next(phases, "") == "kill":
            os.kill(next(iter(victim.pids())), signal.SIGKILL)
        return starts() == 2

    tree.run(is_ready, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert starts() == 2
    tree.stop()
    assert not victim.running()


def test_gives_up_on_a_program_that_never_stays_up_before_it_was_ready(
    signals: Signals, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "FIRST_DELAY_S", 0.01)
    tree = Tree(signals)
    tree.start(program("broken", "raise SystemExit(7)"))
    with pytest.raises(StartFailed, match=r"broken process ended 3 times .*exit code 7"):
        tree.run(lambda: False, lambda: None)


def test_gives_up_on_a_server_that_never_gets_ready(
    signals: Signals, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "READY_WITHIN_S", 0.1)
    tree = Tree(signals)
    tree.start(program("web", ONE_HOUR))
    with pytest.raises(StartFailed, match="not ready within"):
        tree.run(lambda: False, lambda: None)
    tree.stop()


def test_foundations_are_stopped_after_everything_else(
    signals: Signals, program: Callable[..., Program], tmp_path: Path
) -> None:
    log = tmp_path / "ends"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep({delay}); open({log!r}, 'a').write({name!r}); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); open({log!r} + {name!r}, 'w').close(); time.sleep(3600)"
    )
    tree = Tree(signals)
    for name, delay, foundation in (("d", 0, True), ("w", 0.3, False)):
        tree.start(program(name, code.format(name=name, delay=delay, log=str(log))), foundation=foundation)
    while not all(Path(f"{log}{name}").exists() for name in "dw"):
        signals.wait(0.05)
    tree.stop()
    assert log.read_text() == "wd"


def test_what_a_dead_program_left_in_its_group_is_ended_before_its_successor_starts(
    program: Callable[..., Program], tmp_path: Path
) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {ONE_HOUR!r}])\n"
        f"open({str(note)!r}, 'w').write(f'{{child.pid}}\\n'); time.sleep(3600)"
    )
    one = program("one", code)
    one.start()
    while not (note.exists() and note.read_text().endswith("\n")):
        time.sleep(0.01)
    grandchild = int(note.read_text())
    os.kill(next(iter(one.pids())), signal.SIGKILL)
    one.start()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{grandchild}/cmdline").exists() and Path(f"/proc/{grandchild}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the orphan lives"


def test_a_request_to_stop_interrupts_a_long_step(signals: Signals) -> None:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(StopRequested), signals.interrupting():
        threading.Event().wait(30)
    assert time.monotonic() - begun < 10
    with pytest.raises(StopRequested), signals.interrupting():
        pytest.fail("a step began after the request")


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("127.0.0.1", "another program listens there"),
        ("192.0.2.1", "no such address"),
        ("no.such.host.invalid", "HOST=no.such.host.invalid is not an address"),
    ],
)
def test_an_unusable_address_is_refused_with_the_remedy(host: str, text: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AddressUnusable, match=text):
        listen(host, taken.getsockname()[1])


def test_the_port_is_held_from_the_start() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(AddressUnusable):
        listen("127.0.0.1", first.getsockname()[1])


def test_the_folder_is_one_servers_until_it_dies(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from memshadow.data_folder import DataFolderLock\n"
        "lock = DataFolderLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DataFolderUnusable, match=rf"process {holder.pid}\): stop that one"):
        DataFolderLock(tmp_path)
    holder.kill()
    holder.communicate()
    DataFolderLock(tmp_path).release()


def test_a_disk_without_room_and_a_path_that_is_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match=r"is full .* free some space"):
        require_room(tmp_path, least_bytes=2**62)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="cannot be written"):
        require_writable(tmp_path / "file")


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("a warning\nCommandError: pgvector is missing.\nInstall it.\n", "pgvector is missing.\nInstall it."),
        ("memshadow: The disk is full.\n", "The disk is full."),
        ("Traceback:\nKeyError: 1\n", "Preparing the product failed (status 1):\nTraceback:\nKeyError: 1"),
    ],
)
def test_the_complaint_of_a_failed_preparation_is_passed_on(stderr: str, message: str) -> None:
    assert _complaint(stderr, 1) == message
