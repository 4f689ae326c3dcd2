"""`manage.py ensure_owner`: the owner's account without a browser, for scripts and deploys."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from accounts.flows.api_keys import create_api_key
from accounts.flows.setup import ensure_owner
from accounts.models import ApiKey, User
from memshadow.lib.errors import MemshadowError

_NOT_PREPARED = "The database is not prepared yet: wait until manage.py up says it is ready, or run manage.py prepare."


class Command(BaseCommand):
    """Makes the owner when there is none; prints a new API key once when asked to."""

    help = "Make the owner's account if it does not exist, and optionally an API key, printed once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare --email, --password-file, --api-key and what that key is like."""
        parser.add_argument("--email", required=True, help="the owner's e-mail address")
        parser.add_argument("--password-file", help="file that holds the password (- for standard input)")
        parser.add_argument("--api-key", metavar="NAME", help="also make an API key of this name and print it")
        parser.add_argument(
            "--scopes", default="*", help="what that key may, with commas between (default: everything)"
        )
        parser.add_argument(
            "--expires", default="90", metavar="DAYS", help="when that key ends: days, or never (default: 90)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; every refusal is one line on standard error and exit status 1."""
        try:
            owner, made = ensure_owner(email=options["email"], password=_password(options["password_file"]))
            self.stderr.write(f"{'Made' if made else 'Found'} the owner {owner.email}.")
            if options["api_key"]:
                self._print_key(owner, options["api_key"], options["scopes"].split(","), _lifetime(options["expires"]))
        except (MemshadowError, OSError) as error:
            raise CommandError(str(error)) from error
        except ProgrammingError as error:  # a table or column is missing
            raise CommandError(_NOT_PREPARED) from error

    def _print_key(self, owner: User, name: str, scopes: list[str], expires_in: timedelta | None) -> None:
        if ApiKey.objects.filter(owner=owner, name=name, revoked_at=None).exists():
            self.stderr.write(f"A key named {name} exists; it was shown when it was made.")
            return
        _, text = create_api_key(owner=owner, name=name, scopes=scopes, expires_in=expires_in)
        self.stdout.write(text)


def _lifetime(days: str) -> timedelta | None:
    if days == "never":
        return None
    if not days.isdecimal() or not 1 <= int(days) <= 36_500:
        raise CommandError("--expires takes a number of days from 1 to 36500, or never.")
    return timedelta(days=int(days))


def _password(path: str | None) -> str | None:
    if path is None:
        return None
    import sys
    from pathlib import Path

    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    return text.rstrip("\r\n")
