"""`manage.py qcluster`: the background workers, stopped safely by any number of signals."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django_q.cluster import Cluster
from django_q.management.commands import qcluster


class Command(qcluster.Command):  # type: ignore[misc,unused-ignore]
    help = "Run the background workers until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the cluster; its processes run on when this returns."""
        qcluster.Cluster = SignalSafeCluster
        super().handle(*args, **options)


class SignalSafeCluster(Cluster):  # type: ignore[misc,unused-ignore]
    """Its second signal is ignored: django-q2's handler waits for itself for ever when it interrupts itself.

    A supervisor that is killed sends several at once: Linux sends a parent's death signal for each of its threads.
    """

    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """Stop once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        super().sig_handler(signum, frame)
