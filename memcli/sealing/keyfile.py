"""The key: identities in an age file under a passphrase (scrypt), and beside it, in the open, for whom to seal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from memcli.errors import CannotOpen, CliError
from memcli.places import write_private
from memcli.sealing import texts

_PASSPHRASE_MIN_CHARS = 12


@dataclass(frozen=True, slots=True)
class KeyFile:
    """`path` holds the identities, newest first, under a passphrase; `path`.pub the recipient of the newest."""

    path: Path

    @property
    def public_path(self) -> Path:
        """Where the recipient is."""
        return self.path.with_name(self.path.name + ".pub")

    @property
    def exists(self) -> bool:
        """Whether there is a key."""
        return self.path.exists()

    def recipient(self) -> str:
        """For whom to seal: needs no passphrase. Raises CannotOpen when there is no key."""
        try:
            return self.public_path.read_text("utf-8").strip()
        except FileNotFoundError:
            raise CannotOpen(f"There is no key at {self.path}. Make one: memcli seal keygen") from None

    def identities(self, passphrase: str) -> list[str]:
        """Those in the file. Raises CannotOpen for no file and for a wrong passphrase."""
        try:
            sealed = self.path.read_bytes()
        except FileNotFoundError:
            raise CannotOpen(
                f"The key is not here ({self.path}). Without it nobody can read what was sealed for it: copy it from "
                "the machine or the backup where it is."
            ) from None
        try:
            plain: bytes = pyrage.passphrase.decrypt(sealed, passphrase)
        except pyrage.DecryptError:
            raise CannotOpen(f"The passphrase does not open {self.path}.") from None
        return [line for line in plain.decode().splitlines() if line and not line.startswith("#")]

    def add(self, passphrase: str, *, classic: bool) -> str:
        """A new identity in the file, beside those that are there; returns its recipient."""
        before = self.identities(passphrase) if self.exists else []
        identity = texts.generate(classic=classic)
        self.write([identity, *before], passphrase)
        return texts.recipient_of(identity)

    def write(self, identities: list[str], passphrase: str) -> None:
        """Write the file with these identities, under that passphrase. Raises CliError for a short one."""
        if len(passphrase) < _PASSPHRASE_MIN_CHARS:
            raise CliError(f"Take a passphrase of at least {_PASSPHRASE_MIN_CHARS} characters: it guards everything.")
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = [f"# written {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} by memcli; newest first", *identities]
        sealed: bytes = pyrage.passphrase.encrypt("\n".join(lines).encode() + b"\n", passphrase, armored=True)
        write_private(self.path, sealed.decode())
        write_private(self.public_path, texts.recipient_of(identities[0]) + "\n")
