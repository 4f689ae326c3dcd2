"""The cross-encoder of sentence-transformers, with a tiny random model made here; and what it says without one."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings

from accounts.models import User
from memories.drafts import MemoryDraft
from memories.reranking import Passage
from memories.reranking.cross_encoder import CrossEncoderReranker
from memories.services.capture import capture_memories
from memshadow.lib.errors import Unavailable
from tests.api_client import ApiClient

HAS_IT = importlib.util.find_spec("sentence_transformers") is not None
needs_it = pytest.mark.skipif(not HAS_IT, reason="sentence-transformers is not installed (an optional extra)")
# Its own dependencies announce changes of theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
MARKERS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "ferry", "leaves", "at", "nine", "a", "boat", "carries", "cars", ".", ":", "anna"]
TEXTS = ["The ferry leaves at nine.", "A boat carries cars.", "A ferry"]


def passages(*texts: str, author: str = "") -> list[Passage]:
    return [Passage(text, author, date(2025, 3, 14)) for text in texts]


@pytest.fixture
def make_model(tmp_path: Path) -> Callable[[int], str]:
    """A folder with a BERT of one layer and random weights that gives so many numbers a pair."""

    def make(labels: int) -> str:
        import torch
        from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

        torch.manual_seed(1)
        vocabulary = tmp_path / "vocab.txt"
        vocabulary.write_text("\n".join([*MARKERS, *WORDS]), encoding="utf-8")
        config = BertConfig(
            vocab_size=len(MARKERS) + len(WORDS),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=64,
            num_labels=labels,
            initializer_range=0.5,
        )
        folder = tmp_path / f"model{labels}"
        BertForSequenceClassification(config).save_pretrained(folder)
        BertTokenizerFast(vocab=str(vocabulary), model_max_length=64).save_pretrained(folder)
        return str(folder)

    return make


@pytest.mark.skipif(HAS_IT, reason="sentence-transformers is installed")
def test_without_the_library_the_error_says_how_to_install_it() -> None:
    with pytest.raises(Unavailable, match=r"pip install 'memshadow\[transformers\]'"):
        CrossEncoderReranker("some/model").scores("x", passages("a", "b"))


@needs_it
def test_it_scores_each_pair_by_itself_and_reads_who_said_it(make_model: Callable[[int], str]) -> None:
    reranker = CrossEncoderReranker(make_model(1))
    together = reranker.scores("ferry", passages(*TEXTS))
    alone = [reranker.scores("ferry", passages(text))[0] for text in TEXTS]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert len(set(np.round(together, 4))) == 3
    assert reranker.scores("ferry", passages("A ferry", author="anna"))[0] != pytest.approx(together[2], abs=1e-4)
    assert np.isfinite(reranker.scores("ferry \ud800", passages("", "ferry [SEP] " * 2_000))).all()


@needs_it
def test_a_text_cannot_write_the_models_own_markers(make_model: Callable[[int], str]) -> None:
    reranker = CrossEncoderReranker(make_model(1))
    unknown, marker = reranker.scores("ferry", passages("a [XYZ] boat", "a [SEP] boat"))
    assert unknown == pytest.approx(marker, abs=1e-6)
    reranker._loaded.tokenizer.split_special_tokens = False
    unknown, marker = reranker.scores("ferry", passages("a [XYZ] boat", "a [SEP] boat"))
    assert unknown != pytest.approx(marker, abs=1e-4), "otherwise this test could not fail"


@needs_it
@pytest.mark.parametrize("model", ["nobody/nothing", "/no/such/folder"])
def test_a_model_that_is_not_there_is_not_fetched(model: str) -> None:
    with pytest.raises(Unavailable, match="not on this machine"):
        CrossEncoderReranker(model).scores("x", passages("a", "b"))


@needs_it
def test_a_classifier_is_no_reranker(make_model: Callable[[int], str]) -> None:
    with pytest.raises(Unavailable, match="no cross-encoder"):
        CrossEncoderReranker(make_model(3)).scores("x", passages("a", "b"))


def test_search_goes_on_without_the_model(owner: User, settings: LazySettings) -> None:
    settings.RERANK_CROSS_ENCODER = "/no/such/folder"
    capture_memories(owner=owner, drafts=[MemoryDraft(content=text) for text in TEXTS])
    body = ApiClient(owner).post("/search", {"q": "ferry", "rerank": "cross_encoder"}).json()
    assert len(body["items"]) == 2 and not body["rerank"]["applied"]
    assert "MEMSHADOW_RERANK_CROSS_ENCODER" in body["rerank"]["reason"] or "pip install" in body["rerank"]["reason"]


@needs_it
def test_search_is_reranked_by_the_model(
    owner: User, settings: LazySettings, make_model: Callable[[int], str], index_all: Callable[[], int]
) -> None:
    settings.RERANK_CROSS_ENCODER = make_model(1)
    settings.RETRIEVAL_RERANK_WEIGHT = 1.0
    capture_memories(owner=owner, drafts=[MemoryDraft(content=text) for text in TEXTS])
    index_all()
    body = ApiClient(owner).post("/search", {"q": "ferry", "rerank": "cross_encoder"}).json()
    assert body["rerank"]["applied"], body["rerank"]
    scores = CrossEncoderReranker(settings.RERANK_CROSS_ENCODER).scores("ferry", passages(*TEXTS))
    best = [TEXTS[place] for place in np.argsort(-scores)]
    assert [hit["memory"]["content"] for hit in body["items"]] == best
