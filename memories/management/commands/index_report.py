"""`manage.py index_report`: whether the search index is true, complete and tidy."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.models.user import normalise_email
from memories.index_report import report_index


class Command(BaseCommand):
    """Looks, prints, and keeps the result for the quality page."""

    help = "Check the search index: recall of a sample, rows without vectors, orphans, dead rows, bloat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --owner and --json."""
        parser.add_argument("--owner", metavar="EMAIL", help="only this person's part of the index")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a figure, or JSON."""
        report = report_index(self._owner(options["owner"]))
        if options["json"]:
            self.stdout.write(json.dumps(report.figures | {"took_ms": round(report.took_ms)}))
            return
        for name, value in report.figures.items():
            if name not in ("partitions", "crowded"):
                self.stdout.write(f"{name.replace('_', ' ')}: {value}")
        for one in report.figures.get("partitions", []):
            if one["rows"]:
                self.stdout.write(
                    f"{one['name']}: {one['rows']} rows, {one['bytes'] / 2**20:.0f} MiB, {one['dead_share']:.1%} dead, "
                    f"graph {one['hnsw_bytes'] / 2**20:.0f} MiB (x {one['hnsw_bloat']})"
                )
        for one in report.figures.get("crowded", []):
            self.stdout.write(f"out of proportion: {one['advice']}")

    def _owner(self, email: str | None) -> User | None:
        if not email:
            return None
        owner = User.objects.filter(email=normalise_email(email)).first()
        if owner is None:
            raise CommandError(f"There is no account {email}.")
        return owner
