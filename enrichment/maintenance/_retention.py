"""Personas' rules: what is past its time goes to the archive or the trash."""

from __future__ import annotations

from enrichment.maintenance._finding import Check, Finding
from memories.services.retaining import apply_retention, past_retention


def _retention(mend: bool) -> Finding:
    found = past_retention()
    moved = apply_retention() if mend and found else 0
    says = f"{found:,} memories are past their persona's time." if found else "No memory is past its persona's time."
    return Finding(found, says, moved)


RETENTION = Check("retention", "Retention and archiving", _retention)
