"""`manage.py audit`: is the audit trail whole and unaltered?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.anchor import drop_anchor
from accounts.audit.verifying import verify


class Command(BaseCommand):
    """Reads only, but for the anchor file, which it brings up to date when all is well."""

    help = "Check the audit trail entry by entry; names the first one that was altered, removed or moved (status 1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word an action."""
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("verify", help="check every entry, the chain's ends and the anchor file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what is proven, or what is wrong."""
        report = verify()
        if report.finding is not None:
            proven = f"{report.checked} entries before it are as they were written." if report.checked else ""
            raise CommandError(f"{report.finding.text} {proven}".strip(), returncode=1)
        drop_anchor()
        span = f" ({report.first} to {report.last})" if report.checked else ""
        self.stdout.write(f"{report.checked} entries{span}: unaltered, none missing, none moved.")
