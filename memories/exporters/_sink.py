"""A file that cannot seek and is emptied as it is written: what archive writers stream into."""

from __future__ import annotations


class Sink:
    """Collects what is written until `drain` hands it on."""

    closed = False

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0

    def write(self, data: bytes) -> int:
        """Append; returns the number of bytes."""
        self._buffer += data
        self._position += len(data)
        return len(data)

    def drain(self) -> bytes:
        """Everything since the last time."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def tell(self) -> int:
        """How much was ever written."""
        return self._position

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """The writer is done; what it left is still to be drained."""
        self.closed = True

    def readable(self) -> bool:
        """Never."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Never."""
        return False
