"""Which partitions of the search index are out of proportion, and whether a split would separate their owners."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection

from memories.index_sizes import PartitionSize, partition_sizes

OVER_MEDIAN = 4.0
ROWS_MIN = 50_000  # below, every search is quick however the rows lie
LARGEST_PART_MAX = 0.8  # of the rows: a split that leaves more of them together is not worth its copy
_WAYS = (2, 4, 8)
_BOUND = """
SELECT regexp_match(pg_get_expr(relpartbound, oid), 'modulus (\\d+), remainder (\\d+)')::int[]
FROM pg_class WHERE oid = %s::regclass
"""
# The part of each owner if the partition were split into as many as possible; fewer ways put every n-th one together.
_OWNERS = """
SELECT part, sum(rows)::bigint, max(rows), count(*) FROM (
    SELECT count(*) AS rows, (
        SELECT n FROM generate_series(0, %(ways)s - 1) n WHERE satisfies_hash_partition(
            'memories_searchentry'::regclass, %(ways)s * %(modulus)s, %(remainder)s + n * %(modulus)s, e.owner_id)
    ) AS part
    FROM {partition} e GROUP BY e.owner_id
) owners GROUP BY part
"""


@dataclass(frozen=True, slots=True)
class Crowded:
    """A partition with far more rows than the median. `ways`: the fewest parts that separate its owners, if any do."""

    size: PartitionSize
    modulus: int
    remainder: int
    owners: int
    median_rows: int
    largest_owner_share: float
    ways: int | None

    @property
    def advice(self) -> str:
        """What to do about it, or why nothing can be done."""
        found = f"{self.size.name}: {self.size.rows:,} rows where the median partition has {self.median_rows:,}"
        if self.ways:
            return f"{found}, {self.owners:,} owners; index_optimise --rebalance splits it in {self.ways}"
        if self.largest_owner_share > LARGEST_PART_MAX:
            return f"{found}, {self.largest_owner_share:.0%} of them are one owner's: a split would move nothing"
        return f"{found}, and its owners' hashes lie together: a split in {_WAYS[-1]} would not separate them"

    @property
    def figures(self) -> dict[str, Any]:
        """The same for a report, as JSON holds it."""
        return {
            "name": self.size.name,
            "median_rows": self.median_rows,
            "largest_owner_share": self.largest_owner_share,
            "ways": self.ways,
            "advice": self.advice,
        }


def crowded() -> list[Crowded]:
    """The partitions that are out of proportion, by PostgreSQL's count of rows, the largest first."""
    sizes = partition_sizes()
    usual = round(median(size.rows for size in sizes))
    large = [size for size in sizes if size.rows >= ROWS_MIN and size.rows > OVER_MEDIAN * usual]
    return [_looked_into(size, usual) for size in sorted(large, key=lambda size: -size.rows)]


def _looked_into(size: PartitionSize, median_rows: int) -> Crowded:
    with connection.cursor() as cursor:
        cursor.execute(_BOUND, [size.name])
        modulus, remainder = cursor.fetchone()[0]
        bound = {"ways": _WAYS[-1], "modulus": modulus, "remainder": remainder}
        cursor.execute(_OWNERS.format(partition=size.name), bound)
        parts: list[tuple[int, int, int, int]] = cursor.fetchall()
    rows = {part: count for part, count, _, _ in parts}
    in_all = max(sum(rows.values()), 1)
    ways = next((ways for ways in _WAYS if _largest_part(rows, ways) <= LARGEST_PART_MAX * in_all), None)
    largest = max((most for _, _, most, _ in parts), default=0)
    owners = sum(count for *_, count in parts)
    return Crowded(size, modulus, remainder, owners, median_rows, round(largest / in_all, 3), ways if rows else None)


def _largest_part(rows: dict[int, int], ways: int) -> int:
    return max((sum(count for part, count in rows.items() if part % ways == n) for n in range(ways)), default=0)
