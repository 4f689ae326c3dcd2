"""`manage.py reset_mfa EMAIL`: lets in who lost every second factor, for whoever can run commands on the server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.mfa.resetting import reset_mfa
from accounts.models import User
from accounts.models.user import normalise_email


class Command(BaseCommand):
    """Removes a person's authenticator apps, passkeys and backup codes, and lifts their lockout."""

    help = "Remove the second factors of a person who lost them; the password alone signs them in afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the address."""
        parser.add_argument("email", help="the person's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; an unknown address is one line on standard error and exit status 1."""
        person = User.objects.people().filter(email=normalise_email(options["email"])).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {options['email']}.")
        removed = reset_mfa(person=person, by=None)
        self.stdout.write(f"{person.email}: {removed} removed. The password alone signs in now; set up a new one soon.")
