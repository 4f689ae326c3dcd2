"""`manage.py prepare`: everything that must be in place before the product serves."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from accounts.flows.setup import setup_link
from accounts.server_keys import verify
from memshadow.lib.errors import MemshadowError
from memshadow.supervisor import preparing
from memshadow.supervisor.starting import LINK_MARK


class Command(BaseCommand):
    help = (
        "Migrate the database, collect the static files and prepare the embedding model: what `up` does by "
        "itself, for deploys that start web and worker separately (see the Procfile)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Each option limits the work to its part."""
        parser.add_argument("--database", action="store_true", help="only the schema")
        parser.add_argument("--static", action="store_true", help="only the static files")
        parser.add_argument("--model", action="store_true", help="only the embedding model")
        parser.add_argument("--files", action="store_true", help="the static files and the model")

        parser.add_argument("--link", action="store_true", help="print the owner's one-time link at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the chosen parts, or all of them."""
        files = options["files"]
        chosen = {
            preparing.prepare_database: options["database"],
            preparing.prepare_static: options["static"] or files,
            preparing.prepare_model: options["model"] or files,
        }
        everything = not any(chosen.values())
        try:
            if files:
                _verify_master_key()
            for step, wanted in chosen.items():
                if wanted or everything:
                    step(self.stdout.write)
            if options["link"] and (link := setup_link()):
                self.stdout.write(LINK_MARK + link)
        except MemshadowError as error:
            raise CommandError(error.message) from error


def _verify_master_key() -> None:
    """Web and worker start behind `prepare --files`: with a wrong key they do not. A database may come later."""
    with suppress(OperationalError):
        verify()
