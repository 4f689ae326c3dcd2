"""Which processes use the cores: seconds of processor time by role, between two moments."""

from __future__ import annotations

import time
from types import TracebackType

import psutil


class CpuMeter:
    """`with CpuMeter(pid) as meter: …` then `meter.cores`: cores in use on average, by role of the process."""

    def __init__(self, root_pid: int) -> None:
        self._root = psutil.Process(root_pid)
        self.cores: dict[str, float] = {}
        self.seconds = 0.0

    def __enter__(self) -> CpuMeter:
        self._before, self._machine = self._by_process(), _busy_s()
        self._started = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.monotonic() - self._started
        used: dict[str, float] = {}
        for (pid, role), spent in self._by_process().items():
            used[role] = used.get(role, 0.0) + spent - self._before.get((pid, role), 0.0)
        used["everything else on this machine"] = _busy_s() - self._machine - sum(used.values())
        self.cores = {role: round(spent / self.seconds, 3) for role, spent in used.items()}

    def _by_process(self) -> dict[tuple[int, str], float]:
        processes = [self._root, *self._root.children(recursive=True), psutil.Process()]
        times: dict[tuple[int, str], float] = {}
        for process in processes:
            try:
                spent = process.cpu_times()
                times[process.pid, self._role(process)] = spent.user + spent.system
            except psutil.NoSuchProcess:
                continue
        return times

    def _role(self, process: psutil.Process) -> str:
        if process.pid == psutil.Process().pid:
            return "load generator"
        line = " ".join(process.cmdline())
        if process.pid == self._root.pid:
            return "supervisor"
        return "postgres" if "postgres" in line else "web" if "gunicorn" in line else "worker"


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)
