"""Whether everything that was found out still opens: each sealed value of enrichment, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Model

from accounts.sealed import SealedColumn, sealed_columns
from enrichment.maintenance._finding import Check, Finding
from enrichment.models import Enrichment, Rollup
from enrichment.services.planning import due_again
from memshadow.lib.clock import now
from memshadow.lib.errors import MemshadowError

_AT_ONCE: Final = 2000


def _results(mend: bool) -> Finding:
    read, broken = 0, list[Model]()
    for place in _places():
        for row, opens in _opened(place):
            read += 1
            if not opens:
                broken.append(row)
    mended = sum(map(_mend, broken)) if mend else 0
    if not broken:
        return Finding(0, f"All {read:,} values open.", figures={"read": read})
    says = f"{len(broken):,} of {read:,} values do not open. Memories are read again for them; the rest needs a backup."
    return Finding(len(broken), says, mended, {"read": read})


def _places() -> list[SealedColumn]:
    return [place for place in sealed_columns() if place.model._meta.app_label == "enrichment"]


def _opened(place: SealedColumn) -> Iterator[tuple[Model, bool]]:
    """Each row that has a value there, and whether it opens."""
    name = place.column.removesuffix("_sealed")
    rows = place.model._base_manager.exclude(**{place.column: b""}).order_by("pk")
    for row in rows.iterator(chunk_size=_AT_ONCE):
        yield row, _opens(row, name)


def _opens(row: Any, name: str) -> bool:
    try:
        getattr(row, name)
    except (MemshadowError, ValueError):
        return False
    return True


def _mend(row: Any) -> int:
    """Have it found out again; 1 where that is possible."""
    if isinstance(row, Rollup):
        return Rollup.objects.filter(pk=row.pk).update(is_due=True, due_at=now())
    if isinstance(row, Enrichment):
        Enrichment.objects.filter(pk=row.pk).update(result_sealed=b"")
    memory_id = getattr(row, "memory_id", None)
    return min(due_again(Enrichment.objects.filter(memory=memory_id)), 1) if memory_id else 0


RESULTS = Check("results", "What was found out", _results)
