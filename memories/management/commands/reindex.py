"""`manage.py reindex`: the search index made afresh from the memories, while everything serves."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.models.user import normalise_email
from memories.indexing import rebuild
from memories.models import Memory

_BATCH = 64


class Command(BaseCommand):
    """Batch by batch, each in one transaction: search finds the old rows until the new ones are there."""

    help = "Rebuild the search index (words and vectors) of everybody, or of one person, without downtime."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --owner."""
        parser.add_argument("--owner", metavar="EMAIL", help="only this person's memories")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild and report progress; safe to stop and to run again."""
        owners = User.objects.order_by("created_at")
        if options["owner"]:
            owners = owners.filter(email=normalise_email(options["owner"]))
            if not owners:
                raise CommandError(f"There is no account {options['owner']}.")
        for owner in owners:
            self._rebuild(owner)

    def _rebuild(self, owner: User) -> None:
        total = Memory.objects.filter(owner=owner).count()
        done, last = 0, None
        while batch := self._after(owner, last):
            rebuild(batch)
            done, last = done + len(batch), batch[-1]
            self.stdout.write(f"{owner.email}: {done} of {total}")

    def _after(self, owner: User, last: Memory | None) -> list[Memory]:
        rows = Memory.objects.filter(owner=owner).order_by("id")
        return list((rows.filter(id__gt=last.id) if last else rows)[:_BATCH])
