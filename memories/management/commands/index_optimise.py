"""`manage.py index_optimise`: the search index made small and true again, while everything serves."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from memories.services.index_care import optimise_index
from memories.services.rebalancing import rebalance_index
from memshadow.lib.errors import Conflict, Unavailable


class Command(BaseCommand):
    """Safe to stop and to run again; one at a time."""

    help = "Remove orphans and dead rows from the search index and build bloated vector indexes afresh."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --all, --concurrently and --rebalance."""
        parser.add_argument("--all", action="store_true", help="build every index afresh, needed or not")
        parser.add_argument(
            "--concurrently",
            action=BooleanOptionalAction,
            default=True,
            help="let writes go on while an index is built (the default); without it that is faster",
        )
        parser.add_argument(
            "--rebalance",
            action="store_true",
            help="do nothing but split partitions that are far larger than the others, where that separates owners",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, saying what is done."""
        try:
            if options["rebalance"]:
                self.stdout.write(f"{rebalance_index(tell=self.stdout.write)} partitions split.")
                return
            rebuilt = optimise_index(
                everything=options["all"], concurrently=options["concurrently"], tell=self.stdout.write
            )
        except (Conflict, Unavailable) as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{rebuilt} indexes built afresh.")
