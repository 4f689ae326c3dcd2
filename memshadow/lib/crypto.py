"""Sealing and keyed hashing: AES-256-GCM, HMAC-SHA256 and HKDF, all from `cryptography` and the standard library."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from memshadow.lib.errors import Unavailable

KEY_BYTES = 32
NONCE_BYTES = 12
_FORMAT = 1
_HEADER = struct.Struct(">BI")


class SealBroken(Unavailable):
    """The ciphertext does not open: wrong key, altered bytes, or moved from another row or owner."""

    status = 500
    code = "seal-broken"


def random_key() -> bytes:
    """A fresh 256-bit key from the operating system."""
    return os.urandom(KEY_BYTES)


@lru_cache(maxsize=4096)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(key: bytes, plaintext: bytes, *, bound_to: bytes, key_version: int) -> bytes:
    """AES-256-GCM of `plaintext` with a random nonce; `bound_to` is authenticated but not stored.

    Returns: format (1 byte) · key version (4 bytes, big-endian) · nonce (12) · ciphertext and tag.
    """
    nonce = os.urandom(NONCE_BYTES)
    header = _HEADER.pack(_FORMAT, key_version)
    return header + nonce + _cipher(key).encrypt(nonce, plaintext, header + bound_to)


def sealed_key_version(sealed: bytes) -> int:
    """Which version of the data key sealed these bytes. Raises SealBroken for bytes that were never sealed."""
    if len(sealed) < _HEADER.size + NONCE_BYTES or sealed[0] != _FORMAT:
        raise SealBroken("These bytes are not sealed data; restore the row from a backup.")
    version: int = _HEADER.unpack_from(sealed)[1]
    return version


def unseal(key: bytes, sealed: bytes, *, bound_to: bytes) -> bytes:
    """The plaintext of `seal`. Raises SealBroken when the key, the bytes or `bound_to` differ."""
    sealed_key_version(sealed)
    header, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
    try:
        return _cipher(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header + bound_to)
    except InvalidTag:
        raise SealBroken(
            "Stored data does not open with this server's keys. Check that the master key is the one that this "
            "database was made with."
        ) from None


def derive_key(key: bytes, purpose: str) -> bytes:
    """A 256-bit subkey for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """HMAC-SHA256 over length-prefixed parts, so that no two lists of parts collide by concatenation."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        mac.update(len(data).to_bytes(8, "big") + data)
    return mac.digest()
