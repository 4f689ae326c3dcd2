"""What a client sealed: armoured files of the age format, of which the server reads the outer form and nothing else."""

from __future__ import annotations

import base64
import binascii
from typing import Final

import regex
from django.conf import settings

from memshadow.lib.errors import TooLarge, ValidationFailed

_BEGIN: Final = "-----BEGIN AGE ENCRYPTED FILE-----"
_END: Final = "-----END AGE ENCRYPTED FILE-----"
_FEWEST_BYTES: Final = 16 + 16  # after the header: a nonce, and the tag of an empty text
# Everything before the text: the version, a stanza a recipient with its lines, and the header's own MAC.
_HEADER: Final = regex.compile(
    rb"age-encryption\.org/v1\n(?:-> [!-~]+(?: [!-~]+)*+\n(?:[A-Za-z0-9+/]{64}\n)*+[A-Za-z0-9+/]{0,63}\n)++"
    rb"--- [A-Za-z0-9+/]{43}\n"
)


def checked_ciphertext(armoured: str) -> str:
    """The ciphertext in its canonical form. Raises ValidationFailed or TooLarge.

    What is not an age file is refused, so that nobody's plain text is stored as sealed by mistake.
    """
    if len(armoured) > settings.SEALED_MAX_BYTES:
        limit = settings.SEALED_MAX_BYTES // 1024
        raise TooLarge(f"A sealed memory holds at most {limit} KiB of ciphertext.", field="ciphertext")
    sealed = _unarmoured(armoured.replace("\r\n", "\n").strip())
    if sealed is None:
        raise ValidationFailed(
            "A sealed memory is an armoured age file (-----BEGIN AGE ENCRYPTED FILE-----), such as memcli makes.",
            field="ciphertext",
        )
    encoded = base64.b64encode(sealed).decode()
    lines = [encoded[start : start + 64] for start in range(0, len(encoded), 64)]
    return "\n".join([_BEGIN, *lines, _END])


def is_ciphertext(text: str) -> bool:
    """Whether a text is an armoured age file and nothing else."""
    return text.lstrip().startswith(_BEGIN) and _unarmoured(text.replace("\r\n", "\n").strip()) is not None


def _unarmoured(text: str) -> bytes | None:
    """The file within the armour, if it is one."""
    if not (text.startswith(_BEGIN + "\n") and text.endswith("\n" + _END)):
        return None
    try:
        sealed = base64.b64decode(text[len(_BEGIN) : -len(_END)].replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    header = _HEADER.match(sealed)
    return sealed if header and len(sealed) - header.end() >= _FEWEST_BYTES else None
