"""The local model's tokenizer: any Python string in, token ids and character spans of that same string out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from memories.embedding.protocol import Spans

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A text that is only read up to a limit is cut to this many characters a token before it is tokenised. English
# needs about four, so that nothing but padding art and endless 'words' (which become one unknown token) is lost.
_CHARACTERS_A_TOKEN = 32
# Tokenising cost grows faster than length within one call, and pieces spread over the processor's cores.
_PIECE_CHARACTERS = 20_000
_PIECE = re.compile(rf"[\s\S]{{1,{_PIECE_CHARACTERS}}}(?:\s|$)|[\s\S]{{1,{_PIECE_CHARACTERS}}}")
# [CLS] before and [SEP] after the text's own tokens.
MARKERS = 2


class Wordpieces:
    """A tokenizer.json that treats '[CLS]', '[PAD]' and their like in a text as the plain words they are."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @cached_property
    def _markers(self) -> tuple[int, int]:
        first, last = self._tokenizer.encode("").ids
        return int(first), int(last)

    def model_inputs(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """For each text the ids that the model reads: markers around at most `max_tokens` of the text's tokens."""
        limit = max_tokens * _CHARACTERS_A_TOKEN
        encodings = self._encode(text[:limit] for text in texts)
        first, last = self._markers
        return [[first, *encoding.ids[:max_tokens], last] for encoding in encodings]

    def count(self, text: str) -> int:
        return sum(map(len, self._encode(_pieces(text))))

    def spans(self, text: str) -> Spans:
        pieces = _pieces(text)
        encodings = self._tokenizer.encode_batch([well_formed(piece) for piece in pieces], add_special_tokens=False)
        shifted: list[Spans] = [np.empty((0, 2), np.int32)]
        start = 0
        for piece, encoding in zip(pieces, encodings, strict=True):
            if offsets := encoding.offsets:
                shifted.append(np.asarray(offsets, np.int32) + start)
            start += len(piece)
        return np.concatenate(shifted)

    def _encode(self, texts: Iterable[str]) -> list[Encoding]:
        clean = [well_formed(text) for text in texts]
        encodings: list[Encoding] = self._tokenizer.encode_batch_fast(clean, add_special_tokens=False)
        return encodings


def well_formed(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which no UTF-8 library accepts; spans stay as they are."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def _pieces(text: str) -> list[str]:
    """The text cut at white space where it can be, so that each piece has the tokens it has within the whole."""
    return [text] if len(text) <= _PIECE_CHARACTERS else _PIECE.findall(text)
