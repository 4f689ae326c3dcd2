"""The second queue's watch: `python -m memshadow.supervisor.enricher` starts `manage.py enrich` when there is work.

Enrichment loads libraries and models that take hundreds of megabytes, so whoever does it ends when nothing is left.
This process only asks the database, loads neither Django nor any model, and so costs little while all is quiet.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import LiteralString

import psycopg

from memshadow.embedded_postgres import database_url
from memshadow.parent_death import ends_with_parent, watch_parent
from memshadow.settings.env import BASE_DIR, Env, env

LOOK_EVERY_S = 5.0
IDLE_S = 20
NOTHING_DONE = 3  # the exit status of `manage.py enrich`
_LONGEST_REST_S = 300.0

# Summaries are planned only where something came or changed; a look that finds nothing costs no process.
# Whatever was captured or edited since the last look and has not been read as it is. The ids are numbered by time; the
# ten minutes and one are those of enrichment/services/planning.py. Where there is nothing, the look itself is noted.
LOOK = """
WITH looks AS (
  SELECT name, is_on AND next_run_at <= now() AS due,
         (lpad(to_hex((extract(epoch FROM coalesce(last_run_at, now() - interval '2 hours') - interval '11 minutes')
                       * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid AS since
    FROM enrichment_enrichmentschedule WHERE name IN ('recent', 'rollups')
), recent AS (
  SELECT * FROM looks WHERE name = 'recent'
), news AS (
  SELECT EXISTS (
    SELECT 1 FROM memories_memory m, recent
     WHERE m.id >= recent.since AND m.created_at <= now() - interval '1 minute' AND NOT m.is_sealed
       AND m.state <> 'deleted' AND NOT EXISTS (SELECT 1 FROM enrichment_enrichment e WHERE e.memory_id = m.id)
  ) OR EXISTS (
    SELECT 1 FROM memories_memoryrevision r JOIN recent ON r.id >= recent.since
      JOIN memories_memory m ON m.id = r.memory_id AND NOT m.is_sealed AND m.state <> 'deleted'
      JOIN enrichment_enrichment e ON e.memory_id = m.id
     WHERE e.revision <> m.revision_count AND e.state IN ('done', 'failed')
  ) AS found
), noted AS (
  UPDATE enrichment_enrichmentschedule s
     SET last_run_at = now(), last_count = 0, next_run_at = now() + make_interval(mins => coalesce(every_minutes, 60))
    FROM recent, news WHERE s.name = recent.name AND recent.due AND NOT news.found
)
SELECT EXISTS (SELECT 1 FROM recent, news WHERE due AND found)
    OR EXISTS (SELECT 1 FROM looks l WHERE l.name = 'rollups' AND l.due AND (
       EXISTS (SELECT 1 FROM memories_memory m WHERE m.id >= l.since)
       OR EXISTS (SELECT 1 FROM memories_memoryrevision r WHERE r.id >= l.since)))
    OR EXISTS (SELECT 1 FROM enrichment_enrichmentschedule
                WHERE name NOT IN (SELECT name FROM looks) AND is_on AND next_run_at <= now())
    OR NOT EXISTS (SELECT 1 FROM enrichment_steppause WHERE step IN ('', 'summary')) AND EXISTS (
       SELECT 1 FROM enrichment_rollup WHERE is_due AND due_at <= now())
    OR NOT EXISTS (SELECT 1 FROM enrichment_steppause WHERE step = '') AND EXISTS (
       SELECT 1 FROM enrichment_enrichment
        WHERE step NOT IN (SELECT step FROM enrichment_steppause) AND step <> ALL(%(resting)s::text[])
          AND (state = 'pending' AND due_at <= now() OR state = 'running' AND lease_until < now()))
"""
# Steps with due rows that a worker has just left alone: an input is paused, or what they need is not there.
STUCK = "SELECT DISTINCT step FROM enrichment_enrichment WHERE state = 'pending' AND due_at <= now()"


class Enricher:
    """Looks, starts a worker, waits. Steps of which a worker could do nothing rest, for longer each time."""

    def __init__(self, settings: Env) -> None:
        self._address = settings.database_url or database_url(settings.data_dir)
        self._stopping = threading.Event()
        self._worker: subprocess.Popen[bytes] | None = None
        self._rest_s = LOOK_EVERY_S
        self._resting: list[str] = []
        self._resting_until = 0.0

    def stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """End after the worker, which is asked to end too; what it has in hand is taken up again later."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.terminate()

    def run(self) -> None:
        """Until it is stopped. The database may come and go."""
        pause_s = LOOK_EVERY_S
        while not self._stopping.wait(pause_s):
            pause_s = self._after(self._work()) if self._some_work() else LOOK_EVERY_S

    def _after(self, code: int) -> float:
        """How many seconds to wait after a worker that ended so."""
        if code == 0:
            self._rest_s, self._resting = LOOK_EVERY_S, []
            return 0.0
        self._rest_s = min(self._rest_s * 2, _LONGEST_REST_S)
        self._resting = [str(step) for (step,) in self._asked(STUCK)] if code == NOTHING_DONE else []
        if not self._resting:
            return self._rest_s
        self._resting_until = time.monotonic() + self._rest_s
        return LOOK_EVERY_S

    def _some_work(self) -> bool:
        if time.monotonic() > self._resting_until:
            self._resting = []
        return (True,) in self._asked(LOOK)

    def _asked(self, question: LiteralString) -> list[tuple[object, ...]]:
        try:
            with psycopg.connect(self._address, connect_timeout=10) as connection:
                return connection.execute(question, {"resting": self._resting}).fetchall()
        except psycopg.Error as error:
            print(f"cannot look for work: {str(error).strip()}", flush=True)  # noqa: T201
            return []

    def _work(self) -> int:
        command = [sys.executable, str(BASE_DIR / "manage.py"), "enrich", "--idle", str(IDLE_S)]
        self._worker = subprocess.Popen(command, preexec_fn=ends_with_parent(signal.SIGTERM))  # noqa: S603
        if self._stopping.is_set():
            self._worker.terminate()
        code = self._worker.wait()
        self._worker = None
        return code


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    enricher = Enricher(env)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, enricher.stop)
    watch_parent()
    enricher.run()


if __name__ == "__main__":
    main()
