"""The PostgreSQL 18 with pgvector that ships in a wheel and lives under the data directory.

Settings ask `database_url`, the supervisor and the tests `ensure_running`, manage.py wraps every command in
`for_command`. Nothing here imports Django, so that settings can import it.
"""

from memshadow.embedded_postgres._command import SUPERVISED, for_command
from memshadow.embedded_postgres._failure import EmbeddedPostgresError
from memshadow.embedded_postgres._places import MAJOR_VERSION, binary, database_url
from memshadow.embedded_postgres._server import Handle, ensure_running, is_running
from memshadow.embedded_postgres._tuning import machine_memory_bytes

__all__ = [
    "MAJOR_VERSION",
    "SUPERVISED",
    "EmbeddedPostgresError",
    "Handle",
    "binary",
    "database_url",
    "ensure_running",
    "for_command",
    "is_running",
    "machine_memory_bytes",
]
