"""age files for X25519 and ML-KEM-768 at once (c2sp.org/age, mlkem768x25519): safe as long as either one holds.

pyrage knows this recipient for hardware keys only. The key exchange, HPKE (RFC 9180), the AEAD, HKDF and HMAC are
`cryptography`'s; what is written here is the file's form around them.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64decode, b64encode
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hmac, hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from memcli.sealing import bech32

RECIPIENT: Final = "age1pq"
IDENTITY: Final = "age-secret-key-pq-"
STANZA: Final = b"mlkem768x25519"
_INFO: Final = b"age-encryption.org/mlkem768x25519"
_SEED_BYTES, _MLKEM_SEED_BYTES, _MLKEM_KEY_BYTES, _ENCAPSULATED_BYTES = 32, 64, 1184, 1120
_FILE_KEY_BYTES, _NONCE_BYTES, _CHUNK_BYTES, _TAG_BYTES = 16, 16, 64 * 1024, 16
_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_STANZAS: Final = rb"(?:->[^\n]*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+"
_HEADER: Final = re.compile(rb"(age-encryption\.org/v1\n" + _STANZAS + rb"---) ([A-Za-z0-9+/]{43})\n")


class NoMatch(Exception):
    """The file is for other keys."""


class Damaged(Exception):
    """The file was changed or cut."""


def is_available() -> bool:
    """Whether the cryptographic library here was built with ML-KEM."""
    try:
        MLKEM768PrivateKey.generate()
    except UnsupportedAlgorithm:
        return False
    return True


def generate() -> str:
    """A new identity, as text."""
    return bech32.encode(IDENTITY, os.urandom(_SEED_BYTES)).upper()


def recipient_of(identity: str) -> str:
    """The public half, as text. Raises ValueError for what is no such identity."""
    mlkem, x25519 = _halves(identity)
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return bech32.encode(RECIPIENT, public)


def encrypt(plain: bytes, recipients: list[str]) -> bytes:
    """An age file that each of the recipients' identities opens."""
    file_key = os.urandom(_FILE_KEY_BYTES)
    head = b"age-encryption.org/v1\n" + b"".join(_stanza(file_key, recipient) for recipient in recipients) + b"---"
    nonce = os.urandom(_NONCE_BYTES)
    return head + b" " + _base64(_mac(file_key, head).finalize()) + b"\n" + nonce + _stream(file_key, nonce, plain)


def decrypt(sealed: bytes, identities: list[str]) -> bytes:
    """The plain bytes. Raises NoMatch when no identity is the file's, and Damaged when it was changed."""
    header = _HEADER.match(sealed)
    if header is None:
        raise Damaged
    file_key = _file_key(header[1], identities)
    try:
        _mac(file_key, header[1]).verify(b64decode(header[2] + b"="))
        return _unstreamed(file_key, sealed[header.end() :])
    except (InvalidSignature, InvalidTag, ValueError):
        raise Damaged from None


def _halves(identity: str) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Both private keys from the seed, as X-Wing expands it (draft-connolly-cfrg-xwing-kem)."""
    seed = bech32.decode(IDENTITY, identity)
    if len(seed) != _SEED_BYTES:
        raise ValueError("another length")
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + 32)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
    return mlkem, X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])


def _stanza(file_key: bytes, recipient: str) -> bytes:
    public = bech32.decode(RECIPIENT, recipient)
    key = hpke.MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_KEY_BYTES]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_KEY_BYTES:]),
    )
    wrapped = _SUITE.encrypt(file_key, key, _INFO)
    encapsulated, body = wrapped[:_ENCAPSULATED_BYTES], wrapped[_ENCAPSULATED_BYTES:]
    return b"-> " + STANZA + b" " + _base64(encapsulated) + b"\n" + _base64(body) + b"\n"


def _file_key(header: bytes, identities: list[str]) -> bytes:
    found = re.findall(rb"-> " + STANZA + rb" ([A-Za-z0-9+/]+)\n([A-Za-z0-9+/]+)\n", header)
    for identity in identities:
        key = hpke.MLKEM768X25519PrivateKey(*_halves(identity))
        for encapsulated, body in found:
            try:
                return _SUITE.decrypt(_unbase64(encapsulated) + _unbase64(body), key, _INFO)
            except (InvalidTag, ValueError):
                continue
    raise NoMatch


def _mac(file_key: bytes, head: bytes) -> hmac.HMAC:
    mac = hmac.HMAC(_derived(file_key, None, b"header"), hashes.SHA256())
    mac.update(head)
    return mac


def _derived(file_key: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(file_key)


def _stream(file_key: bytes, nonce: bytes, plain: bytes) -> bytes:
    """STREAM: chunks of 64 KiB, each with its number, the last one marked."""
    aead = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    starts = range(0, max(len(plain), 1), _CHUNK_BYTES)
    return b"".join(
        aead.encrypt(_numbered(number, start == starts[-1]), plain[start : start + _CHUNK_BYTES], None)
        for number, start in enumerate(starts)
    )


def _unstreamed(file_key: bytes, payload: bytes) -> bytes:
    nonce, sealed = payload[:_NONCE_BYTES], payload[_NONCE_BYTES:]
    aead = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    size = _CHUNK_BYTES + _TAG_BYTES
    starts = range(0, max(len(sealed), 1), size)
    chunks = [
        aead.decrypt(_numbered(number, start == starts[-1]), sealed[start : start + size], None)
        for number, start in enumerate(starts)
    ]
    if len(chunks) > 1 and not chunks[-1]:
        raise ValueError("an empty last chunk")
    return b"".join(chunks)


def _numbered(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    return b64decode(text + b"=" * (-len(text) % 4), validate=True)
