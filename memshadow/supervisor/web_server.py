"""gunicorn's settings, for the supervisor and for a PaaS alike; gunicorn reads the names below."""

from __future__ import annotations

import os
from pathlib import Path

from memshadow.embedded_postgres import SUPERVISED, machine_memory_bytes
from memshadow.parent_death import watch_parent
from memshadow.settings.env import env

GIB = 1024**3
_listen_fd = os.environ.get("MEMSHADOW_LISTEN_FD")
_host = f"[{env.host}]" if ":" in env.host else env.host


def _suitable_workers() -> int:
    """Two processes use two cores despite the interpreter's lock, where the memory allows it."""
    return 2 if machine_memory_bytes() >= 3 * GIB and (os.cpu_count() or 1) > 1 else 1


bind = f"fd://{_listen_fd}" if _listen_fd else f"{_host}:{env.port}"
worker_class = "gthread"
workers = env.web_concurrency or _suitable_workers()
threads = env.web_threads
backlog = 512
timeout = 120  # seconds without a sign of life from a worker process
graceful_timeout = 15  # seconds for requests in flight when stopping
keepalive = 15  # seconds
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1,::1"
loglevel = "warning"
# The heartbeat file must not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def post_worker_init(worker: object) -> None:
    """Each web process loads the model at once, so that nobody's first search waits for it."""
    from memories.warming import warm_up_in_background

    warm_up_in_background()


if os.environ.get(SUPERVISED):
    watch_parent()
