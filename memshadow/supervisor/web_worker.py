"""gunicorn's threaded worker, made for two things more.

A view may take a connection over, so that a long stream holds no thread. And a process whose threads are all busy lets
the others go first where a connection waits: it stays with who accepts it, and a burst would all stay with one.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# Long enough for a process that is idle to wake up and accept.
_AFTER_YOU_S = 0.002


class HandingOverWorker(ThreadWorker):  # type: ignore[misc]
    """Forgets connections whose socket was taken over (memshadow/wsgi.py), and lets their streams end when it stops."""

    under_way = 0  # requests; counted in the main thread

    def accept(self, listener: socket.socket) -> None:
        """Called in the main thread, in every process, when a connection waits."""
        if self.under_way and self.cfg.workers > 1:
            time.sleep(_AFTER_YOU_S)
        super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Called in the main thread for a request that has come."""
        self.under_way += 1
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Called in the main thread when a request is done with."""
        self.under_way -= 1
        if conn.sock.fileno() >= 0:
            super().finish_request(conn, fs)
        else:
            self.nr_conns -= 1

    def run(self) -> None:
        """Serve until told to stop; then wait for streams as long as for other requests, and store what was said."""
        from memories.gateway.afterwards import afterwards
        from memories.gateway.relaying.loop import relays

        super().run()
        deadline = time.monotonic() + self.cfg.graceful_timeout - 3
        while relays.running and time.monotonic() < deadline:
            self.notify()
            relays.drain(1.0)
        afterwards.drain(max(0.5, deadline - time.monotonic()))
