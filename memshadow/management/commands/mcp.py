"""`manage.py mcp`: MCP on standard input and output, for an assistant on this machine."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.access import confine_to
from accounts.agents import Caller
from accounts.models import User
from accounts.models.user import normalise_email
from accounts.permissions import scopes_of_role
from accounts.scopes import Access
from accounts.spaces.membership import Membership, memberships_of


class Command(BaseCommand):
    """Needs no key: whoever can start it on this machine can read the database's keys as well."""

    help = "Serve MCP on standard input and output, for an assistant on this machine that starts it itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whom it acts for, and whether it may change anything."""
        parser.add_argument("--email", default="", help="whose memories; needed where several people have an account")
        parser.add_argument("--space", default="", help="name or id of a space of theirs: its memories, not their own")
        parser.add_argument("--read-only", action="store_true", help="offer no tool that changes anything")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until standard input ends."""
        from memshadow.mcp.stdio import serve

        owner = _owner(options["email"])
        allowed = scopes_of_role(owner.role)
        scopes = allowed & {"memories:read"} if options["read_only"] else allowed
        space = _membership(owner, options["space"])
        meant = space.space.owner if space else owner
        confine_to(owner, "any", owner=meant)
        access = Access(person=owner, owner=meant, scopes=scopes, key=None, space=space)
        serve(Caller(access, settings.BASE_URL.rstrip("/")))


def _membership(person: User, named: str) -> Membership | None:
    if not named:
        return None
    found = [one for one in memberships_of(person) if named in (str(one.space.id), one.space.name)]
    if len(found) != 1:
        raise CommandError(
            f"{person.email} is in {len(found)} spaces named {named}: give its id."
            if found
            else f"{person.email} is in no space {named}."
        )
    return found[0]


def _owner(email: str) -> User:
    people = User.objects.people().filter(is_active=True)
    if email:
        people = people.filter(email=normalise_email(email))
    found = list(people[:2])
    if not found:
        whom = f"with the address {email} " if email else ""
        raise CommandError(f"There is no account {whom}that can be used here; open the dashboard to make one.")
    if len(found) > 1:
        raise CommandError("Several people have an account here: say whose memories with --email.")
    return found[0]
