"""`manage.py reset_password EMAIL`: a one-time link to choose a new password, for servers that send no mail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit import record
from accounts.flows.password_reset import reset_link
from accounts.models import User
from accounts.models.user import normalise_email


class Command(BaseCommand):
    """Prints the link on standard output and nothing else there."""

    help = "Print a link with which a person chooses a new password, once, within an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the address."""
        parser.add_argument("email", help="the e-mail address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; an unknown address is one line on standard error and exit status 1."""
        user = User.objects.people().filter(email=normalise_email(options["email"]), is_active=True).first()
        if user is None:
            raise CommandError(f"No active account has the address {options['email']}.")
        record("password.reset_link_printed", actor=None, target=user)
        self.stdout.write(reset_link(user))
