"""gunicorn's settings, for the supervisor and for a PaaS alike; gunicorn reads the names below."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from memshadow.embedded_postgres import SUPERVISED, machine_memory_bytes
from memshadow.parent_death import watch_parent
from memshadow.settings.env import env

GIB = 1024**3
_DOES_NOT_LOAD = 4  # gunicorn ends for good instead of starting the worker again
_listen_fd = os.environ.get("MEMSHADOW_LISTEN_FD")
_host = f"[{env.host}]" if ":" in env.host else env.host


def _suitable_workers() -> int:
    """Two processes use two cores despite the interpreter's lock, where the memory allows it."""
    return 2 if machine_memory_bytes() >= 3 * GIB and (os.cpu_count() or 1) > 1 else 1


bind = f"fd://{_listen_fd}" if _listen_fd else f"{_host}:{env.port}"
worker_class = "memshadow.supervisor.web_worker.HandingOverWorker"  # gthread, whose streams hold no thread
workers = env.web_concurrency or _suitable_workers()
threads = env.web_threads
backlog = 512
limit_request_line = 8190  # bytes, gunicorn's most; longer questions are sent by POST
timeout = 120  # seconds without a sign of life from a worker process
graceful_timeout = 15  # seconds for requests in flight when stopping
keepalive = 15  # seconds
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1,::1"
loglevel = "warning"
# The heartbeat file must not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def post_worker_init(worker: object) -> None:
    """A wrong master key serves nobody; and each web process loads its models, so that no first request waits."""
    from django.db import DatabaseError

    from accounts.server_keys import verify
    from memories.warming import warm_up_in_background
    from memshadow.lib.errors import Unavailable

    try:
        verify()
    except DatabaseError:
        pass  # a database that is away for a moment is no reason to stop
    except Unavailable as error:
        sys.stderr.write(f"memshadow: {error.message}\n")
        sys.exit(_DOES_NOT_LOAD)
    warm_up_in_background(_load_mcp)


def _load_mcp() -> None:
    """The SDK's second of loading, so that no assistant waits for it; 20 MB a process."""
    import memshadow.mcp.exchange  # noqa: F401


if os.environ.get(SUPERVISED):
    watch_parent()
