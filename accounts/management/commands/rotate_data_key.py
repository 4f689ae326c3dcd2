"""`manage.py rotate_data_key`: a new data key for one person, while they work."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.flows.rotating import begin_rotation, rotation_of
from accounts.models import User
from accounts.models.user import normalise_email
from memshadow.lib.errors import MemshadowError


class Command(BaseCommand):
    help = "Make a new data key for a person; workers encrypt everything of theirs again in the background."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose key, and whether only to look."""
        parser.add_argument("email", help="the person's e-mail address")
        parser.add_argument("--status", action="store_true", help="only say how far the last rotation is")

    def handle(self, *args: Any, **options: Any) -> None:
        """Begin the rotation, or tell about it."""
        owner = User.objects.people().filter(email=normalise_email(options["email"])).first()
        if owner is None:
            raise CommandError(f"Nobody here has the address {options['email']}.")
        try:
            rotation = rotation_of(owner) if options["status"] else begin_rotation(owner=owner)
        except MemshadowError as error:
            raise CommandError(error.message) from error
        if rotation is None:
            self.stdout.write("The data key was never rotated.")
            return
        self.stdout.write(
            f"Version {rotation.to_version}: {rotation.get_state_display().lower()}, "
            f"{rotation.rows_done} of {rotation.rows_total} rows."
        )
