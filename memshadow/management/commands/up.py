"""`manage.py up`: the whole product under one process."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from memshadow.lib.errors import MemshadowError
from memshadow.settings.env import env
from memshadow.supervisor.starting import serve


class Command(BaseCommand):
    help = (
        "Start the database (embedded unless DATABASE_URL is set), the web server and the background "
        "workers, "
        "and keep them running until Ctrl-C or SIGTERM."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until stopped; a failure is one message and exit status 1."""
        try:
            serve(env)
        except MemshadowError as error:
            raise CommandError(error.message) from error
