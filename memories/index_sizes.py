"""How large the search index is and how much of it is dead weight, by partition, from PostgreSQL's own statistics."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# A vector's place in the graph: an element (header, 10 tuple ids) and two times 16 neighbours of 6 bytes on the lowest
# layer, a few more above, on pages that are nine tenths full.
_ELEMENT_BYTES = 72
_NEIGHBOURS_BYTES = 240
_PAGE_FILL = 0.9

_PARTITIONS = """
SELECT c.relname, s.n_live_tup, s.n_dead_tup, pg_relation_size(c.oid), pg_table_size(c.oid) - pg_relation_size(c.oid),
       coalesce(sum(pg_relation_size(i.indexrelid)) FILTER (WHERE a.amname = 'hnsw'), 0)::bigint,
       coalesce(sum(pg_relation_size(i.indexrelid)) FILTER (WHERE a.amname = 'gin'), 0)::bigint,
       coalesce(sum(pg_relation_size(i.indexrelid)) FILTER (WHERE a.amname = 'btree'), 0)::bigint
FROM pg_partition_tree('memories_searchentry') t
JOIN pg_class c ON c.oid = t.relid
JOIN pg_stat_all_tables s ON s.relid = c.oid
LEFT JOIN pg_index i ON i.indrelid = c.oid
LEFT JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_am a ON a.oid = x.relam
WHERE t.isleaf GROUP BY c.oid, c.relname, s.n_live_tup, s.n_dead_tup ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class PartitionSize:
    """One partition: rows as PostgreSQL last counted them, and bytes by part."""

    name: str
    rows: int
    dead_rows: int
    heap_bytes: int
    toast_bytes: int
    hnsw_bytes: int
    gin_bytes: int
    btree_bytes: int

    @property
    def bytes(self) -> int:
        """Rows and indexes."""
        return self.heap_bytes + self.toast_bytes + self.hnsw_bytes + self.gin_bytes + self.btree_bytes

    @property
    def dead_share(self) -> float:
        """Dead rows among all rows, 0..1."""
        return round(self.dead_rows / max(self.rows + self.dead_rows, 1), 4)

    def hnsw_bloat(self, dimension: int) -> float:
        """The graph's size over what its rows need; about 1 when fresh. 1.0 where it is too small to tell."""
        needed = self.rows * (2 * dimension + 8 + _ELEMENT_BYTES + _NEIGHBOURS_BYTES) / _PAGE_FILL
        return round(self.hnsw_bytes / needed, 3) if self.rows >= 1_000 else 1.0


def partition_sizes() -> list[PartitionSize]:
    """Every partition, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        return [PartitionSize(*row) for row in cursor.fetchall()]
