"""What can go wrong, each with the exit code that a script can act on (docs/cli.md)."""

from __future__ import annotations

from typing import ClassVar


class CliError(Exception):
    """Something that the person can do something about; its text says what."""

    exit_code: ClassVar[int] = 1


class NotAllowed(CliError):
    """Not signed in, or not allowed to do this."""

    exit_code = 3


class NotThere(CliError):
    """There is no such memory."""

    exit_code = 4


class ServerAway(CliError):
    """The server does not answer, or not sensibly."""

    exit_code = 5


class CannotOpen(CliError):
    """A sealed memory, or the key itself, does not open: no key, a wrong passphrase, or another key."""

    exit_code = 6
