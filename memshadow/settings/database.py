"""Where PostgreSQL is: the one in DATABASE_URL, or the embedded one under the data directory."""

from typing import Any

import dj_database_url

from memshadow.embedded_postgres import database_url
from memshadow.settings.env import env

EMBEDDED_DATABASE = env.database_url is None

_parsed: dict[str, Any] = dict(dj_database_url.parse(env.database_url or database_url(env.data_dir)))
_options = dict(_parsed.get("OPTIONS", {}))
# Iterative scans keep recall when a filter follows the HNSW scan (docs/architecture.md, search index).
_options["options"] = " ".join(
    [
        _options.get("options", ""),
        "-c hnsw.iterative_scan=relaxed_order",  # the vector arm sorts: retrieval/_vectors.py
        "-c hnsw.ef_search=100",  # recall@10 of a relaxed walk is .998 and more at 60 and at 200 (benchmarks.scale)
        "-c hnsw.max_scan_tuples=4000",  # where a walk gives up and retrieval/_plan.py turns to an exact answer
        "-c plan_cache_mode=force_custom_plan",
    ]
).strip()

DATABASES = {
    "default": {
        **_parsed,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _options,
    }
}
