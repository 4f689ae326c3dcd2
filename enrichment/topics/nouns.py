"""Whether words are a noun, with what belongs to it, in a sentence: its language's pipeline knows."""

from __future__ import annotations

from enrichment.language import has_pipeline, parsed
from enrichment.topics.terms import Seen

_FALLBACK = "en"
_PARTS = frozenset({"NOUN", "PROPN", "ADJ"})
_HEADS = frozenset({"NOUN", "PROPN"})


def is_noun(seen: Seen) -> bool | None:
    """None where no pipeline can tell."""
    language = _FALLBACK if seen.language in ("", "und") and seen.sentence.isascii() else seen.language
    if not has_pipeline(language):
        return None
    docs = parsed([seen.sentence], language)
    doc, begin = docs[0] if docs else None, seen.sentence.find(seen.words)
    found = doc.char_span(begin, begin + len(seen.words), alignment_mode="expand") if doc and begin >= 0 else None
    parts = [token.pos_ for token in found or () if not token.is_punct]
    return bool(parts) and parts[-1] in _HEADS and set(parts) <= _PARTS
