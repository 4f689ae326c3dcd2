"""gunicorn's settings, for the supervisor and for a PaaS alike; gunicorn reads the names below."""

from __future__ import annotations

import gc
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
preload_app = True  # loaded once, before the processes fork, which then share that memory
workers = env.web_concurrency or _suitable_workers()
threads = env.web_threads
backlog = 2048
limit_request_line = 8190  # bytes, gunicorn's most; longer questions are sent by POST
timeout = 120  # seconds without a sign of life from a worker process
graceful_timeout = 15  # seconds for requests in flight when stopping
keepalive = 15  # seconds
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1,::1"
loglevel = "warning"
# The heartbeat file must not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def on_starting(server: object) -> None:
    """What every process needs and no thread or connection belongs to: loaded here, it is in memory once."""
    import memshadow.mcp.exchange
    import memshadow.urls  # noqa: F401
    from memories.warming import load_words

    load_words()
    gc.collect()
    gc.set_threshold(10_000)  # a search makes thousands of objects, which die by themselves; 700 would look 20 times
    gc.freeze()  # so that collecting garbage does not write to, and thereby copy, what is shared


def post_worker_init(worker: object) -> None:
    """A wrong master key serves nobody; and each web process loads its model, so that no first request waits."""
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
    warm_up_in_background()


if os.environ.get(SUPERVISED):
    watch_parent()
