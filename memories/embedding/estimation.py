"""Tokens of a text whose model keeps its tokenizer to itself: pieces of a size that hardly any tokenizer goes below."""

from __future__ import annotations

import re

import numpy as np

from memories.embedding.protocol import Spans

# Byte-pair and word-piece vocabularies have 4 to 5 characters a token in European prose, 1 to 2 in Chinese, Japanese
# and Korean. More pieces than tokens is the safe side: a chunk is then shorter than it could be and never cut off.
_PIECE = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]{1,4}|[0-9]{1,2}|[^\W\d_]{1,2}|[^\s]")


def estimated_spans(text: str) -> Spans:
    """Character spans (t, 2) of the pieces, in order."""
    spans = [match.span() for match in _PIECE.finditer(text)]
    return np.array(spans, np.int32).reshape(len(spans), 2)


def estimated_count(text: str) -> int:
    """How many pieces there are."""
    return sum(1 for _ in _PIECE.finditer(text))


def cut_to(text: str, max_tokens: int) -> str:
    """The text's beginning of at most so many pieces."""
    for number, match in enumerate(_PIECE.finditer(text), start=1):
        if number > max_tokens:
            return text[: match.start()]
    return text
