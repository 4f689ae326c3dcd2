"""`manage.py doctor`: what is right and what is wrong with this installation, each fault with its remedy."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from memshadow.doctor import Verdict, examine
from memshadow.settings.env import env


class Command(BaseCommand):
    help = "Check Python, data folder, keys, database, migrations, model, worker and port; exit 1 if bad."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a finding; the exit status says whether there was a problem."""
        findings = list(examine(env))
        style = self.style
        paint = {Verdict.GOOD: style.SUCCESS, Verdict.NOTE: style.WARNING, Verdict.BAD: style.ERROR}
        for finding in findings:
            verdict = paint[finding.verdict](f"{finding.verdict.value:<4}")
            self.stdout.write(f"{verdict} {finding.subject}: {finding.text}")
        bad = sum(finding.verdict is Verdict.BAD for finding in findings)
        if bad:
            self.stderr.write(f"{bad} problem(s) found.")
            raise SystemExit(1)
        self.stdout.write("No problems found.")
