"""The search index: recall against exact search, orphans, dead rows, bloat; built afresh only where it needs it."""

from __future__ import annotations

from enrichment.maintenance._finding import Check, Finding
from memories import generations
from memories.index_report import report_index
from memories.index_sizes import partition_sizes
from memories.services.index_care import BLOAT_MAX, DEAD_SHARE_MAX, optimise_index


def _index(mend: bool) -> Finding:
    figures = report_index().figures
    dimension = generations.active().dimension
    needy = sum(p.hnsw_bloat(dimension) > BLOAT_MAX or p.dead_share > DEAD_SHARE_MAX for p in partition_sizes())
    found = needy + figures["orphans"]
    told: list[str] = []
    if mend and found:
        optimise_index(tell=told.append)
    says = (
        f"{figures['rows']:,} rows, recall of a sample {figures['recall_at_10']:.1%}; {needy} parts want care, "
        f"{figures['orphans']:,} rows are of memories that are gone, "
        f"{figures['memories_failed']:,} memories could not be indexed."
    )
    kept = ("rows", "without_vector", "orphans", "memories_pending", "memories_failed", "recall_at_10")
    return Finding(found, says, found if mend else 0, {name: figures[name] for name in kept})


INDEX = Check("index", "Search index", _index)
