"""Opening sealed memories where they come by: the key is unlocked once, when the first one needs it, or not at all."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import typer

from memcli.errors import CannotOpen, CliError
from memcli.places import config_dir
from memcli.sealing import texts
from memcli.sealing.keyfile import KeyFile


@dataclass(frozen=True, slots=True)
class Opened:
    """A memory's text, or why there is none."""

    text: str
    why_not: str = ""


class Opener:
    """Opens what is sealed for the key of this machine."""

    def __init__(self, *, may_ask: bool = True) -> None:
        """`may_ask`: whether a person may be asked for the passphrase."""
        self._may_ask = may_ask

    def open(self, memory: dict[str, Any]) -> Opened:
        """The text of a memory, sealed or not."""
        if not memory.get("sealed"):
            return Opened(memory["content"])
        identities = self._unlocked
        if isinstance(identities, CannotOpen):
            return Opened("", str(identities))
        try:
            return Opened(texts.unseal(memory["ciphertext"], identities))
        except CannotOpen as error:
            return Opened("", str(error))

    @cached_property
    def _unlocked(self) -> list[str] | CannotOpen:
        key = key_file()
        try:
            return key.identities(passphrase(may_ask=self._may_ask) if key.exists else "")
        except CannotOpen as error:
            return error


def key_file() -> KeyFile:
    """The key of this machine; MEMCLI_KEY_FILE names another."""
    given = os.environ.get("MEMCLI_KEY_FILE")
    return KeyFile(Path(given) if given else config_dir() / "key.age")


def passphrase(*, may_ask: bool = True, confirm: bool = False) -> str:
    """From MEMCLI_PASSPHRASE, the file that MEMCLI_PASSPHRASE_FILE names, or the person. Raises CannotOpen."""
    if given := os.environ.get("MEMCLI_PASSPHRASE"):
        return given
    if named := os.environ.get("MEMCLI_PASSPHRASE_FILE"):
        try:
            return Path(named).read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            raise CliError(f"{named} cannot be read: {error.strerror}.") from None
    if not may_ask or not sys.stdin.isatty():
        raise CannotOpen("Its passphrase is needed: run this in a terminal, or set MEMCLI_PASSPHRASE_FILE.")
    return str(typer.prompt("Passphrase of your key", hide_input=True, confirmation_prompt=confirm, err=True))
