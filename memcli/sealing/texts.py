"""Texts to armoured age files and back, whichever kind of key they are for."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pyrage

from memcli.errors import CannotOpen, CliError
from memcli.sealing import hybrid

_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"


def generate(*, classic: bool) -> str:
    """A new identity. Raises CliError when the hybrid kind cannot be made here."""
    if classic:
        return str(pyrage.x25519.Identity.generate())
    if not hybrid.is_available():
        raise CliError("The cryptographic library here has no ML-KEM. Use --classic for a key of X25519 alone.")
    return hybrid.generate()


def recipient_of(identity: str) -> str:
    """An identity's public half. Raises ValueError for what is none."""
    if _is_hybrid_identity(identity):
        return hybrid.recipient_of(identity)
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError as error:
        raise ValueError(str(error)) from None


def seal(text: str, recipient: str) -> str:
    """The text as an armoured age file for a recipient. Raises CliError for what is no recipient."""
    try:
        if recipient.startswith(f"{hybrid.RECIPIENT}1"):
            sealed = hybrid.encrypt(text.encode(), [recipient])
        else:
            sealed = pyrage.encrypt(text.encode(), [pyrage.x25519.Recipient.from_str(recipient)])
    except (ValueError, pyrage.RecipientError):
        raise CliError(f"{recipient[:20]}… is no age recipient.") from None
    return armoured(sealed)


def armoured(sealed: bytes) -> str:
    """An age file as text."""
    encoded = b64encode(sealed).decode()
    return "\n".join([_BEGIN, *(encoded[at : at + 64] for at in range(0, len(encoded), 64)), _END])


def unseal(armoured: str, identities: list[str]) -> str:
    """The text of an armoured age file. Raises CannotOpen when no identity is its own, or it was changed."""
    try:
        sealed = b64decode("".join(armoured.strip().splitlines()[1:-1]), validate=True)
        return _opened(sealed, identities).decode()
    except (ValueError, hybrid.Damaged):
        raise CannotOpen("The ciphertext is damaged: it was changed or cut after it was sealed.") from None


def _opened(sealed: bytes, identities: list[str]) -> bytes:
    is_hybrid = b"\n-> " + hybrid.STANZA + b" " in sealed[: sealed.find(b"\n--- ")]
    fitting = [identity for identity in identities if _is_hybrid_identity(identity) == is_hybrid]
    try:
        if is_hybrid:
            return hybrid.decrypt(sealed, fitting)
        opened: bytes = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity) for identity in fitting])
        return opened
    except pyrage.DecryptError as error:
        if fitting and "No matching" not in str(error):
            raise hybrid.Damaged from None
    except hybrid.NoMatch:
        pass
    raise CannotOpen("It was sealed for another key than yours. Put that key's file in place to read it.")


def _is_hybrid_identity(identity: str) -> bool:
    return identity.lower().startswith(f"{hybrid.IDENTITY}1")
