"""`manage.py maintain`: look after everything now; with --dry-run only look."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from enrichment.services.maintaining import maintain


class Command(BaseCommand):
    """Safe while everything serves, and to be killed: every check looks first."""

    help = "Check and mend: retention rules, leftovers, results, near-duplicates, the search index, statistics."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --dry-run and --json."""
        parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would be done")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a check; exit status 1 when one could not be looked at."""
        say = (lambda _: None) if options["json"] else self.stdout.write
        run = maintain(is_dry=options["dry_run"], tell=say)
        if options["json"]:
            self.stdout.write(
                json.dumps({"dry_run": run.is_dry, "took_ms": round(run.took_ms), "findings": run.findings})
            )
        else:
            found, mended = (sum(one[name] for one in run.findings) for name in ("found", "mended"))
            self.stdout.write(f"{found:,} things want doing." if run.is_dry else f"{mended:,} of {found:,} put right.")
        if any(one["error"] for one in run.findings):
            raise SystemExit(1)
