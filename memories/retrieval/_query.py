"""Understanding a question: its vector, its words as keyed lexemes, its phrases."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from accounts.keys import keyring
from memories.generations import Generation
from memories.lexicon import any_of, parse_query, phrase_of
from memories.retrieval._sql import Arms
from memshadow.lib.errors import MemshadowError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Understood:
    """A question, ready for the arms; `terms` are the words to mark in snippets."""

    arms: Arms
    terms: frozenset[str]

    @property
    def is_empty(self) -> bool:
        """Nothing to look for: neither a vector nor a word."""
        return self.arms.vector is None and not self.arms.any_of


def understand(query: str, owner_id: UUID, generation: Generation) -> Understood:
    """Take the question apart. Without its model, search goes on by words alone."""
    parsed, key = parse_query(query), keyring(owner_id).lexeme_key
    arms = Arms(
        vector=_vector(parsed.text, generation),
        dimension=generation.dimension,
        any_of=any_of(parsed.words, key),
        required=tuple(phrase_of(words, key) for words in parsed.phrases),
        forbidden=tuple(phrase_of(words, key) for words in parsed.excluded),
    )
    return Understood(arms, parsed.terms)


def _vector(text: str, generation: Generation) -> NDArray[np.float32] | None:
    try:
        return generation.provider.embed_query(text)
    except MemshadowError:
        logger.exception("The embedding model is away; searching by words alone")
        return None
