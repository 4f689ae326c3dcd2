"""Which words set a memory apart from the owner's other memories."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final
from uuid import UUID

from django.db import connection

from accounts.keys import keyring
from memories import generations
from memories.feedback_rules import canonical
from memories.keyed_terms import keyed
from memories.lexicon import lexemes, parse_query
from memories.models import Memory
from memshadow.lib.row_wall import outside_the_wall

_READ_CHARS: Final = 4000
_WORDS_MAX: Final = 40
_COUNTED_MAX: Final = 500
_SHARE_MAX: Final = 0.1  # a word in more of the memories than this says nothing

# Rows that hold a term, counted up to a limit: a common word is common whatever its exact number.
_FREQUENCIES = """
SELECT t.term, (
    SELECT count(*) FROM (
        SELECT 1 FROM memories_searchentry e
        WHERE e.owner_id = %(owner)s AND e.embedding_model_id = %(model)s AND e.lexemes @@ t.term::tsquery
        LIMIT %(most)s
    ) AS holding
) FROM unnest(%(terms)s::text[]) AS t (term)
"""
_ROWS = "SELECT count(*) FROM memories_searchentry WHERE owner_id = %s AND embedding_model_id = %s"


def word_set(text: str) -> frozenset[str]:
    """The words of a text as canonical terms, without stop words: what two texts may share."""
    return frozenset(canonical(word) for word in parse_query(text[:_READ_CHARS]).words)


def distinctive_words(memory: Memory, limit: int) -> list[str]:
    """The words of a memory that are rare in the owner's index, most telling first (tf · idf), in lower case."""
    text = memory.content[:_READ_CHARS]
    surface: dict[str, str] = {}
    count: Counter[str] = Counter()
    for lexeme in lexemes(text, memory.language):
        word = text[lexeme.start : lexeme.end].casefold()
        if word.isalpha() and len(word) > 2:
            surface.setdefault(lexeme.term, word)
            count[lexeme.term] += 1
    terms = [term for term, _ in count.most_common(_WORDS_MAX)]
    holding, rows = _frequencies(memory.owner_id, terms)
    most = max(2.0, _SHARE_MAX * rows)
    weight = {
        term: (1 + math.log(count[term])) * math.log(1 + rows / (1 + holding[term]))
        for term in terms
        if holding[term] <= most
    }
    best = sorted(weight, key=lambda term: (-weight[term], term))
    return list(dict.fromkeys(surface[term] for term in best))[:limit]


@outside_the_wall()
def _frequencies(owner_id: UUID, terms: list[str]) -> tuple[dict[str, int], int]:
    """In how many rows of the index each term stands, and how many rows there are. As search: by an index for `@@`."""
    key, model = keyring(owner_id).lexeme_key, generations.active().id
    quoted = {f"'{keyed(term, key)}'": term for term in terms}
    named: dict[str, Any] = {"owner": owner_id, "model": model, "most": _COUNTED_MAX, "terms": list(quoted)}
    with connection.cursor() as cursor:
        cursor.execute(_FREQUENCIES, named)
        holding = {quoted[row[0]]: int(row[1]) for row in cursor.fetchall()}
        cursor.execute(_ROWS, [owner_id, model])
        return holding, int(cursor.fetchone()[0])
