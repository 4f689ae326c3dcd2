"""How much there is, and the numbers by which PostgreSQL plans its queries."""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.db.models import Count

from accounts.models import User
from enrichment.maintenance._finding import Check, Finding
from enrichment.models import Enrichment, Entity, Relation, Topic
from memories.models import Conversation, Memory

# Tables of which more than a fifth changed since PostgreSQL counted them; its own daemon usually comes first.
_STALE: Final = """
SELECT quote_ident(relname) FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_mod_since_analyze > greatest(1000, n_live_tup / 5) ORDER BY 1
"""


def _statistics(mend: bool) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(_STALE)
        stale = [name for (name,) in cursor.fetchall()]
        for name in stale if mend else ():
            cursor.execute(f"ANALYZE {name}")
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    says = f"The database has {size / 2**20:,.0f} MiB; the statistics of {len(stale)} tables are old."
    return Finding(len(stale), says, len(stale) if mend else 0, {"database_bytes": size, **_counts()})


def _counts() -> dict[str, int]:
    models = {"accounts": User, "conversations": Conversation, "entities": Entity, "facts": Relation, "topics": Topic}
    return {
        **{name: model._base_manager.count() for name, model in models.items()},
        **_by_state("memories", Memory),
        **_by_state("enrichment", Enrichment),
    }


def _by_state(name: str, model: type[Memory] | type[Enrichment]) -> dict[str, int]:
    rows = model._base_manager.order_by().values_list("state").annotate(n=Count("pk"))
    return {f"{name}_{state}": count for state, count in rows}


STATISTICS = Check("statistics", "Statistics", _statistics)
