"""Server settings that suit the machine's memory: small when idle, quick when an index is built."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import psutil

from memshadow.embedded_postgres._places import SOCKET_NAME

MIB = 1024 * 1024
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_memory_bytes() -> int:
    """The memory this process may use: the machine's, or the container's limit when that is smaller."""
    memory = int(psutil.virtual_memory().total)
    for name in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):
            memory = min(memory, int(Path(name).read_text(encoding="ascii")))
    return memory


def server_settings(socket_folder: Path, *, durable: bool, memory_bytes: int | None = None) -> dict[str, str]:
    """The `-c` options of the server. `durable=False` gives up crash safety for speed: for tests only."""
    memory_mib = (memory_bytes or machine_memory_bytes()) // MIB
    maintenance_mib = _between(memory_mib // 16, 64, 512)
    cores = os.cpu_count() or 1
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": _quoted(socket_folder),
        "port": SOCKET_NAME.rsplit(".", 1)[-1],
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        # Taken up as pages are read: an idle server stays small, a large index is walked three times as fast.
        "shared_buffers": f"{_between(memory_mib // 8, 64, 4096)}MB",
        "effective_cache_size": f"{max(memory_mib // 2, 128)}MB",
        "work_mem": f"{_between(memory_mib // 256, 4, 16)}MB",
        "maintenance_work_mem": f"{maintenance_mib}MB",
        "autovacuum_work_mem": "64MB",
        "max_parallel_workers_per_gather": str(min(cores // 2, 2)),
        "max_parallel_maintenance_workers": _parallel_builders(maintenance_mib, cores),
        "io_workers": "2",
        "huge_pages": "off",
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "max_wal_size": "1GB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Levels rank ERROR below LOG here: statements and values of people's data stay out of the log.
        "log_min_messages": "log",
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
        "log_line_prefix": "%m ",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


def _parallel_builders(maintenance_mib: int, cores: int) -> str:
    """Workers of an index build; they share its memory in /dev/shm, often 64 MB in a container."""
    try:
        shm = os.statvfs("/dev/shm")  # noqa: S108 - only asked for its size
    except OSError:
        return str(min(cores, 2))
    return str(min(cores, 2)) if shm.f_bavail * shm.f_frsize > 1.5 * maintenance_mib * MIB else "0"


def _quoted(path: Path) -> str:
    """A path as an element of PostgreSQL's comma-separated list of folders."""
    return '"' + str(path).replace('"', '""') + '"'


def _between(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
