"""Text to index terms: languages, words, stems, query syntax, and the keyed form in which PostgreSQL holds them."""

from memories.lexicon.keyed import keyed_lexemes, tsquery_any, tsquery_phrase, tsvector_literal
from memories.lexicon.languages import UNDETERMINED, detect_language
from memories.lexicon.queries import ParsedQuery, Phrase, parse_query, query_lexemes
from memories.lexicon.words import Lexeme, lexemes

__all__ = [
    "UNDETERMINED",
    "Lexeme",
    "ParsedQuery",
    "Phrase",
    "detect_language",
    "keyed_lexemes",
    "lexemes",
    "parse_query",
    "query_lexemes",
    "tsquery_any",
    "tsquery_phrase",
    "tsvector_literal",
]
