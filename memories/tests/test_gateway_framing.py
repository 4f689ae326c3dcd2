"""Bodies of other servers' answers: read as they come, whatever pieces they come in, and refused when malformed."""

from __future__ import annotations

import pytest

from memories.gateway.relaying.framing import BadFraming, framing_of

CHUNKED = [(b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
def test_chunks_are_read_in_pieces_of_any_size(piece: int) -> None:
    sent = b"5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nTrailer: x\r\n\r\n"
    framing = framing_of("POST", 200, CHUNKED)
    read = b"".join(framing.feed(sent[at : at + piece]) for at in range(0, len(sent), piece))
    assert (read, framing.done) == (b"hello, world", True)


@pytest.mark.parametrize("size", [b"-5", b"+5", b"0x5", b"1_0", b"", b"f" * 16])
def test_a_size_that_is_none_ends_the_exchange(size: bytes) -> None:
    with pytest.raises(BadFraming):
        framing_of("POST", 200, CHUNKED).feed(size + b"\r\nhello\r\nhello\r\n")
