"""What a text's words do in their sentences: spaCy's pipelines, loaded when a text first needs one."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.conf import settings

from memshadow.lib.errors import MemshadowError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

PASSAGE_CHARS: Final = 10_000
# Parsed documents of so many characters are kept, so that the next step of the same batch finds them.
_KEPT_CHARS: Final = 400_000
_LOADING: Final = threading.Lock()
_USING: Final = threading.Lock()


class PipelineMissing(MemshadowError):
    """A spaCy pipeline that the settings name is not installed."""

    status = 503
    code = "pipeline-missing"


def has_pipeline(language: str) -> bool:
    """Whether texts of a language (ISO 639-1, region or not) can be parsed."""
    return _code(language) in settings.SPACY_PIPELINES


def parsed(texts: Sequence[str], language: str) -> list[Doc] | None:
    """A document for each text, in order; None for a language that has no pipeline.

    Texts go through the pipeline as one batch. Give no more than a passage each (`passages`): memory grows with a
    text's length. The last ones are remembered, so that steps that follow one another parse once.
    Raises PipelineMissing.
    """
    code = _code(language)
    if not has_pipeline(code):
        return None
    pipeline = _pipeline(code)
    with _USING:
        docs = {text: doc for text in texts if (doc := _recent.get((code, text)))}
        missing = list(dict.fromkeys(text for text in texts if text not in docs))
        docs.update(zip(missing, pipeline.pipe(missing), strict=True))
        for text, doc in docs.items():
            _recent.keep((code, text), doc)
    return [docs[text] for text in texts]


def give_back() -> None:
    """Forget pipelines and parsed texts, so that something else has their memory; the next text loads them again."""
    with _LOADING, _USING:
        _recent.clear()
        _loaded.cache_clear()
    gc.collect()


def passages(text: str) -> Iterator[tuple[int, str]]:
    """(place, passage) of a text of any length: each at most PASSAGE_CHARS, cut between paragraphs where one ends."""
    place = 0
    while len(text) - place > PASSAGE_CHARS:
        end = _cut(text, place)
        yield place, text[place:end]
        place = end
    if place < len(text) or not text:
        yield place, text[place:]


def _cut(text: str, place: int) -> int:
    """After the last paragraph, line, sentence or word of a passage, whichever comes in its second half."""
    end = place + PASSAGE_CHARS
    for mark in ("\n\n", "\n", ". ", " "):
        found = text.rfind(mark, place + PASSAGE_CHARS // 2, end)
        if found >= 0:
            return found + len(mark)
    return end


def _code(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()


def _pipeline(code: str) -> Language:
    with _LOADING:
        return _loaded(settings.SPACY_PIPELINES[code])


@lru_cache(maxsize=8)
def _loaded(name: str) -> Language:
    # Only when it is needed: the library alone takes memory that web processes must not spend.
    import spacy

    try:
        return spacy.load(name)
    except OSError as error:
        raise PipelineMissing(
            f"The spaCy pipeline {name} cannot be loaded. Install its package, or correct MEMSHADOW_SPACY_PIPELINES."
        ) from error


class _Recent(OrderedDict[tuple[str, str], "Doc"]):
    """The documents parsed last, and how many characters they have together."""

    chars = 0

    def keep(self, key: tuple[str, str], doc: Doc) -> None:
        """As the last one; the oldest go where there are too many."""
        if key not in self:
            self.chars += len(key[1])
        self[key] = doc
        self.move_to_end(key)
        while self.chars > _KEPT_CHARS:
            (_, text), _ = self.popitem(last=False)
            self.chars -= len(text)

    def clear(self) -> None:
        """Forget them all."""
        super().clear()
        self.chars = 0


_recent = _Recent()
