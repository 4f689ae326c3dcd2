"""`manage.py topics`: find topics and lay out the map, of everybody, or of who has many new memories."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from enrichment.services.regrouping import owners_all, owners_grown


class Command(BaseCommand):
    """Safe to run at any time and to be killed: clusters keep their ids, and what people corrected stays."""

    help = "Group memories into topics and lay out the map."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose memories."""
        parser.add_argument("--owner", metavar="EMAIL", help="only this person's")
        parser.add_argument("--grown", action="store_true", help="only of those who have half as many again")

    def handle(self, *args: Any, **options: Any) -> None:
        """A line for each owner."""
        from enrichment.services.grouping import group_memories

        for owner_id in _owners(options["owner"], grown=options["grown"]):
            count = group_memories(owner_id=owner_id)
            self.stdout.write(f"{owner_id}: {count} topics")


def _owners(email: str | None, *, grown: bool) -> Iterator[UUID]:
    if not email:
        return owners_grown() if grown else owners_all()
    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise CommandError("There is nobody with this e-mail address.")
    return iter([found.id])
