"""Large files at rest: AES-256-GCM by blocks, written as a stream and read at any position."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from memshadow.lib.crypto import NONCE_BYTES, SealBroken

_MAGIC = b"MSHF2\n"
_VERSION = struct.Struct(">I")
_HEADER_BYTES = len(_MAGIC) + _VERSION.size
# Files from before keys had versions in them: sealed with version 1.
_MAGIC_1 = b"MSHF1\n"
_BLOCK = 256 * 1024
_TAG_BYTES = 16
_SEALED_BLOCK = NONCE_BYTES + _BLOCK + _TAG_BYTES


def write_sealed(path: Path, chunks: Iterable[bytes], *, key: bytes, key_version: int, bound_to: bytes) -> int:
    """Encrypt a stream into `path` (mode 0600) and return how many plain bytes it held.

    The file says which version of its owner's key opens it.

    Every block authenticates `bound_to`, its number and whether it is the last one, so blocks cannot be moved,
    dropped or cut off. On any error the file is removed.
    """
    cipher, pending, number, total = AESGCM(key), bytearray(), 0, 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + _VERSION.pack(key_version))
            for chunk in chunks:
                pending += chunk
                total += len(chunk)
                while len(pending) > _BLOCK:
                    file.write(_seal_block(cipher, bytes(pending[:_BLOCK]), number, bound_to, last=False))
                    del pending[:_BLOCK]
                    number += 1
            file.write(_seal_block(cipher, bytes(pending), number, bound_to, last=True))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return total


def _seal_block(cipher: AESGCM, plain: bytes, number: int, bound_to: bytes, *, last: bool) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, _block_binding(bound_to, number, last=last))


def _block_binding(bound_to: bytes, number: int, *, last: bool) -> bytes:
    return bound_to + struct.pack(">Q?", number, last)


def sealed_version(path: Path) -> int:
    """Which version of its owner's key opens a file. Raises SealBroken when it is no sealed file."""
    with path.open("rb") as file:
        return _read_header(file)[0]


def _read_header(file: BinaryIO) -> tuple[int, int]:
    """(key version, where the blocks start); leaves the file there."""
    head = file.read(_HEADER_BYTES)
    if head.startswith(_MAGIC_1):
        file.seek(len(_MAGIC_1))
        return 1, len(_MAGIC_1)
    if len(head) < _HEADER_BYTES or not head.startswith(_MAGIC):
        raise SealBroken("This upload is damaged; upload the file again.")
    return _VERSION.unpack_from(head, len(_MAGIC))[0], _HEADER_BYTES


class SealedReader(io.RawIOBase):
    """A seekable, read-only view of the plain bytes of a file that `write_sealed` made. Raises SealBroken."""

    def __init__(self, path: Path, *, key_of: Callable[[int], bytes], bound_to: bytes) -> None:
        self._file = path.open("rb")
        try:
            version, self._start = _read_header(self._file)
            self._cipher, self._bound_to = AESGCM(key_of(version)), bound_to
            sealed_bytes = os.fstat(self._file.fileno()).st_size - self._start
            self._last = max(0, -(-sealed_bytes // _SEALED_BLOCK) - 1)
            self.size = sealed_bytes - (self._last + 1) * (NONCE_BYTES + _TAG_BYTES)
            if self.size < 0:
                raise SealBroken("This upload is damaged; upload the file again.")
        except BaseException:
            self._file.close()
            raise
        self._position = 0
        self._cached: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in plain bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in plain bytes."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the current position, at most to the end of one block."""
        if self._position >= self.size:
            return 0
        number, start = divmod(self._position, _BLOCK)
        piece = self._block(number)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        """Release the file."""
        self._file.close()
        super().close()

    def _block(self, number: int) -> bytes:
        if self._cached[0] != number:
            self._file.seek(self._start + number * _SEALED_BLOCK)
            sealed = self._file.read(_SEALED_BLOCK)
            binding = _block_binding(self._bound_to, number, last=number == self._last)
            try:
                plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], binding)
            except InvalidTag:
                raise SealBroken("This upload is damaged or belongs to another account; upload it again.") from None
            self._cached = (number, plain)
        return self._cached[1]


def open_sealed(path: Path, *, key_of: Callable[[int], bytes], bound_to: bytes) -> io.BufferedReader:
    """A buffered, seekable reader of a sealed file's plain bytes; `key_of` gives the key of a version."""
    return io.BufferedReader(SealedReader(path, key_of=key_of, bound_to=bound_to), buffer_size=_BLOCK)


def seal_again(path: Path, *, key_of: Callable[[int], bytes], key_version: int, bound_to: bytes) -> None:
    """Encrypt a file under another version of the key. Whoever reads it meanwhile, or is killed, has a whole file."""
    draft = path.with_name(f".{path.name}.again")
    draft.unlink(missing_ok=True)
    with open_sealed(path, key_of=key_of, bound_to=bound_to) as plain:
        blocks = iter(lambda: plain.read(_BLOCK), b"")
        write_sealed(draft, blocks, key=key_of(key_version), key_version=key_version, bound_to=bound_to)
    draft.replace(path)
