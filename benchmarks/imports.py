"""How fast a large ChatGPT archive is imported and how much memory that takes: `python -m benchmarks.imports`."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.instance import EMAIL, ROOT, data_folder

CHUNK = 1024**2


def main() -> None:
    """Generate the archive in another process, import it in this one, print rate and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=10_000)
    arguments = parser.parse_args()
    with data_folder() as folder:
        archive = folder / "chats.zip"
        generate = [sys.executable, "-m", "benchmarks.archives", "--conversations", str(arguments.conversations)]
        subprocess.run([*generate, "--out", str(archive)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        # As `manage.py up` does before any process imports: else this one would also quantise the model.
        subprocess.run([sys.executable, "manage.py", "prepare", "--model"], cwd=ROOT, check=True)
        print(json.dumps(_measure(folder, archive), indent=1))


def _measure(folder: Path, archive: Path) -> dict[str, object]:
    from memshadow import embedded_postgres

    server = embedded_postgres.ensure_running(folder)
    try:
        return _import(archive)
    finally:
        server.stop()


def _import(archive: Path) -> dict[str, object]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    from accounts.flows.setup import ensure_owner
    from memories.services.import_running import run_next_import
    from memories.services.importing import start_import

    owner, _ = ensure_owner(email=EMAIL)
    started = time.perf_counter()
    with archive.open("rb") as file:
        job = start_import(owner=owner, chunks=iter(lambda: file.read(CHUNK), b""), filename=archive.name)
    run_next_import()
    seconds = time.perf_counter() - started
    job.refresh_from_db()
    connections.close_all()
    return {
        "state": job.state,
        "archive_mib": archive.stat().st_size / CHUNK,
        "conversations": job.conversations,
        "memories": job.imported,
        "duplicates": job.duplicates,
        "skipped": job.skipped,
        "failed": job.failed,
        "seconds": seconds,
        "memories_per_s": job.imported / seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
