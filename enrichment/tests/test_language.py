"""Pipelines are loaded by setting, texts are parsed once, and what cannot be parsed says so."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import LazySettings

from enrichment.language import PASSAGE_CHARS, PipelineMissing, has_pipeline, parsed, passages


def test_a_text_is_parsed_into_names_and_sentences() -> None:
    docs = parsed(["Anna Schmidt moved to Berlin. She likes it.", ""], "en-GB")
    assert docs is not None
    assert [ent.text for ent in docs[0].ents] == ["Anna Schmidt", "Berlin"]
    assert [len(list(doc.sents)) for doc in docs] == [2, 0]


def test_steps_that_follow_one_another_share_the_parse() -> None:
    text = "Ben lives in Hamburg."
    first, again = parsed([text], "en"), parsed(["Other.", text, text], "en")
    assert first is not None and again is not None
    assert again[1] is first[0] and again[2] is first[0] and again[0].text == "Other."


def test_a_language_without_a_pipeline_has_no_parse(settings: LazySettings) -> None:
    assert parsed(["Guten Tag"], "de") is None and not has_pipeline("")
    settings.SPACY_PIPELINES = {"de": "de_missing_here"}
    assert has_pipeline("de")
    with pytest.raises(PipelineMissing, match="MEMSHADOW_SPACY_PIPELINES"):
        parsed(["Guten Tag"], "de")


@pytest.mark.parametrize("text", ["", "short", "word " * 9000, "x" * 25_000, ("Line of words.\n" * 40 + "\n") * 50])
def test_passages_lose_nothing_and_are_never_too_long(text: str) -> None:
    found = list(passages(text))
    assert "".join(passage for _, passage in found) == text
    assert all(text[place : place + len(passage)] == passage for place, passage in found)
    assert all(len(passage) <= PASSAGE_CHARS for _, passage in found)


def test_passages_end_between_words() -> None:
    assert [passage[-1] for _, passage in passages("word " * 5000)] == [" "] * 3


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, enrichment.language; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
