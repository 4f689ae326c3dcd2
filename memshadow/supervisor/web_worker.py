"""gunicorn's threaded worker, from which a view may take a connection over, so that a long stream holds no thread."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


class HandingOverWorker(ThreadWorker):  # type: ignore[misc]
    """Forgets connections whose socket was taken over (memshadow/wsgi.py), and lets their streams end when it stops."""

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Called in the main thread when a request is done with."""
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
