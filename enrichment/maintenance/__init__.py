"""What is looked after at night: each check says what it found and, unless it is a dry run, puts it right."""

from enrichment.maintenance._duplicates import DUPLICATES
from enrichment.maintenance._finding import Check, Finding
from enrichment.maintenance._index import INDEX
from enrichment.maintenance._leftovers import LEFTOVERS
from enrichment.maintenance._results import RESULTS
from enrichment.maintenance._retention import RETENTION
from enrichment.maintenance._statistics import STATISTICS

CHECKS = (RETENTION, LEFTOVERS, RESULTS, DUPLICATES, INDEX, STATISTICS)

__all__ = ["CHECKS", "Check", "Finding"]
