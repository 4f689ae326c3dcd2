"""The local provider: right vectors, in the right order, for any text, in any thread or process, and offline."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from memories.embedding import EmbeddingProvider, get_provider, prepare
from memories.embedding.batching import pad
from memories.embedding.bert_graph import BertShape, build_encoder
from memories.embedding.local import BATCH_TOKENS_A_THREAD, LocalProvider
from memories.embedding.preparation import GRAPH_FILE, TOKENIZER_FILE, source_folder
from memories.embedding.protocol import Vectors
from memories.embedding.runtime import open_session
from memories.embedding.wordpieces import Wordpieces
from memshadow.lib.errors import ValidationFailed

ROOT = Path(__file__).parents[2]
REFERENCE = json.loads((Path(__file__).parent / "data" / "minilm_reference.json").read_text())
TEXTS: list[str] = [item["text"] for item in REFERENCE["items"]]
EXPECTED: Vectors = np.stack(
    [np.frombuffer(base64.b64decode(item["vector_f32_base64"]), "<f4") for item in REFERENCE["items"]]
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def provider(models: Path) -> EmbeddingProvider:
    return get_provider("local", models)


def run_python(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script in a fresh interpreter, without what could silence telemetry by itself."""
    kept = {name: value for name, value in os.environ.items() if name not in {"ORT_DISABLE_TELEMETRY", "CI"}}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_float32_graph_equals_sentence_transformers(models: Path) -> None:
    weights = load_file(source_folder() / "model.safetensors")
    shape = BertShape(layers=6, hidden=384, heads=12, layer_norm_eps=1e-12)
    session = open_session(build_encoder(shape, weights, "float32").SerializeToString(), 1)
    tokenizer = Wordpieces(prepare(models) / TOKENIZER_FILE)
    ids = tokenizer.model_inputs(TEXTS, LocalProvider.max_tokens)
    vectors = np.concatenate([session.run(["sentence"], {"ids": pad([row], 0)})[0] for row in ids])
    assert (vectors * EXPECTED).sum(axis=1).min() > 0.99999


def test_int8_stays_close_to_sentence_transformers(provider: EmbeddingProvider) -> None:
    cosines = (provider.embed_documents(TEXTS) * EXPECTED).sum(axis=1)
    assert cosines.mean() > 0.993
    assert cosines.min() > 0.98


def test_int8_keeps_the_reference_neighbours(provider: EmbeddingProvider) -> None:
    vectors = provider.embed_documents(TEXTS)
    ours, theirs = vectors @ vectors.T, EXPECTED @ EXPECTED.T
    np.fill_diagonal(ours, -1)
    np.fill_diagonal(theirs, -1)
    same = [len(set(np.argsort(-ours[row])[:5]) & set(np.argsort(-theirs[row])[:5])) / 5 for row in range(len(TEXTS))]
    assert np.mean(same) > 0.9


def test_vectors_are_float32_of_unit_length(provider: EmbeddingProvider) -> None:
    vectors = provider.embed_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), provider.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_depends_on_its_text_alone(provider: EmbeddingProvider) -> None:
    """Neither the neighbours in the batch nor padding nor the order may change it, whatever the quantisation."""
    together = provider.embed_documents(TEXTS)
    alone = np.concatenate([provider.embed_documents([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(provider.embed_documents(TEXTS[::-1])[::-1], together, atol=1e-5)


def test_many_batches_keep_their_order(provider: EmbeddingProvider) -> None:
    texts = [f"note {number}: " + "word " * (number * 7 % 120) for number in range(150)]
    assert sum(provider.count_tokens(text) for text in texts) > 4 * BATCH_TOKENS_A_THREAD
    vectors = provider.embed_documents(texts)
    for position in (0, 17, 83, 149):
        np.testing.assert_allclose(vectors[position], provider.embed_query(texts[position]), atol=1e-5)


def test_no_texts_give_no_vectors(provider: EmbeddingProvider) -> None:
    assert provider.embed_documents([]).shape == (0, 384)
    assert provider.token_vectors([]) == []


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\x00", "a\x00b", "\ud800", "x\udfffy\ud83d", "\ufffd", "\u200b", "é" * 3000, "🎉"]
)
def test_odd_texts_have_vectors_too(provider: EmbeddingProvider, text: str) -> None:
    assert np.linalg.norm(provider.embed_query(text)) == pytest.approx(1, abs=1e-5)
    (tokens,) = provider.token_vectors([text])
    assert len(tokens) == min(provider.count_tokens(text), provider.max_tokens)


def test_a_mebibyte_is_embedded_as_its_beginning_without_reading_it_all(provider: EmbeddingProvider) -> None:
    text = "The lighthouse keeper wrote a letter. " * 28_000
    started = process_time()
    vector = provider.embed_documents([text])[0]
    assert process_time() - started < 0.5
    np.testing.assert_allclose(vector, provider.embed_documents([text[:20_000]])[0], atol=1e-6)


def test_markers_in_a_text_are_plain_words(provider: EmbeddingProvider) -> None:
    """'[PAD]' in a text must neither hide it from the model nor be one token."""
    assert provider.count_tokens("[PAD] [SEP]") > 2
    assert provider.embed_query("[PAD] [PAD]") @ provider.embed_query("pad pad") > 0.5
    np.testing.assert_allclose(np.linalg.norm(provider.token_vectors(["[PAD]"])[0], axis=1), 1, atol=1e-5)


def test_tokens_come_with_the_pooled_vector_and_their_ids(provider: EmbeddingProvider) -> None:
    embedded = provider.embed_with_tokens(TEXTS)
    np.testing.assert_allclose(embedded.sentences, provider.embed_documents(TEXTS), atol=1e-6)
    for text, tokens in zip(TEXTS, embedded.tokens, strict=True):
        assert tokens.ids.shape == (min(provider.count_tokens(text), provider.max_tokens),)
        assert tokens.vectors.shape == (len(tokens.ids), provider.dimension)
        assert tokens.vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-5)


def test_equal_words_have_equal_ids_and_alike_vectors(provider: EmbeddingProvider) -> None:
    first, second = provider.embed_with_tokens(["my dog barks", "a dog sleeps"]).tokens
    assert first.ids[1] == second.ids[1]
    assert first.vectors[1] @ second.vectors[1] > first.vectors[1] @ second.vectors[2]


def test_queries_are_remembered_and_cannot_be_changed(provider: EmbeddingProvider) -> None:
    vector = provider.embed_query("where is the key?")
    assert provider.embed_query("where is the key?") is vector
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1


def test_questions_with_their_tokens_are_remembered_and_cannot_be_changed(provider: EmbeddingProvider) -> None:
    asked = provider.embed_question("where is the spare key?")
    expected = provider.embed_with_tokens(["where is the spare key?"])
    np.testing.assert_allclose(asked.sentence, expected.sentences[0], atol=1e-6)
    np.testing.assert_allclose(asked.tokens, expected.tokens[0].vectors, atol=1e-6)
    assert np.shares_memory(provider.embed_question("where is the spare key?").tokens, asked.tokens)
    with pytest.raises(ValueError, match="read-only"):
        asked.tokens[0, 0] = 1


def test_a_question_is_nearer_to_its_answer_than_to_other_matters(provider: EmbeddingProvider) -> None:
    question = provider.embed_query("What am I allergic to?")
    answer, other = provider.embed_documents(["Peanuts make my throat swell.", "What am I to plant in spring?"])
    assert question @ answer > question @ other


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_spans_lie_in_order_within_the_text(provider: EmbeddingProvider, text: str) -> None:
    spans = provider.token_spans(text)
    assert len(spans) == provider.count_tokens(text)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert all(np.diff(spans[:, 0]) >= 0)


def test_spans_point_at_words(provider: EmbeddingProvider) -> None:
    text = "Größe: 5 кг — \ud800日本 end"
    words = [text[start:end] for start, end in provider.token_spans(text)]
    assert "".join(words) == re.sub(r"[\s\ud800]", "", text)


def test_spans_of_a_long_text_are_those_of_its_parts(provider: EmbeddingProvider) -> None:
    sentence = "Überall lag Schnee, wherever we looked at 7:30. "
    one = provider.token_spans(sentence)
    many = provider.token_spans(sentence * 2000)
    assert len(many) == 2000 * len(one)
    np.testing.assert_array_equal(many[-len(one) :], one + 1999 * len(sentence))


def test_threads_share_one_provider(models: Path) -> None:
    fresh = LocalProvider(models)
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda number: fresh.embed([TEXTS[number % len(TEXTS)]])[0][0], range(96)))
    np.testing.assert_allclose(np.stack(vectors[: len(TEXTS)]), fresh.embed(TEXTS)[0], atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_used_provider_works_in_forked_children_that_then_end(models: Path, threads: int) -> None:
    script = """
import os, sys
from pathlib import Path
import numpy as np
from memories.embedding import get_provider
provider = get_provider("local", Path(sys.argv[1]), int(sys.argv[2]))
expected = provider.embed_query("hello")
child = os.fork()
vector = provider.embed_documents(["hello"])[0]
assert np.allclose(vector, expected, atol=1e-6)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    done = run_python(script, str(models), str(threads))
    assert done.returncode == 0, done.stderr


def test_nothing_is_reported_or_kept_outside_the_folder(models: Path, tmp_path: Path) -> None:
    """ONNX Runtime's telemetry would leave a device id and a database of reports in the user's cache folder."""
    script = """
import os, sys
from pathlib import Path
from memories.embedding import get_provider
get_provider("local", Path(sys.argv[1])).embed_query("hello")
names = {Path(f"/proc/self/fd/{fd}").resolve() for fd in os.listdir("/proc/self/fd")}
assert not [name for name in names if "socket" in str(name)], names
"""
    done = run_python(script, str(models), HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_only_one_module_opens_the_runtime_so_that_none_forgets_its_telemetry() -> None:
    apps = [ROOT / name for name in ("memshadow", "accounts", "personas", "memories", "enrichment")]
    importing = re.compile(r"^\s*(?:import|from) onnxruntime\b", re.MULTILINE)
    modules = [path for app in apps for path in app.rglob("*.py") if importing.search(path.read_text())]
    assert [path.relative_to(ROOT).as_posix() for path in modules] == ["memories/embedding/runtime.py"]


def test_importing_the_package_loads_no_heavy_library() -> None:
    script = "import sys, memories.embedding; print(sorted({'onnx','onnxruntime','django','torch'} & set(sys.modules)))"
    assert run_python(script).stdout.strip() == "[]"


def test_costs_little_more_than_the_bare_session(provider: EmbeddingProvider, models: Path) -> None:
    """Against one call a batch with ids made beforehand, which is all that the model itself needs."""
    texts = [f"{number} " + TEXTS[number % 30] * 2 for number in range(120)]
    session = open_session(prepare(models) / GRAPH_FILE, 1)
    ids = sorted(Wordpieces(prepare(models) / TOKENIZER_FILE).model_inputs(texts, 254), key=len)
    batches = [pad(ids[start : start + 16], 0) for start in range(0, len(ids), 16)]

    def bare() -> None:
        for batch in batches:
            session.run(["sentence"], {"ids": batch})

    def took(work: object) -> float:
        started = process_time()
        work()  # type: ignore[operator]
        return process_time() - started

    provider.embed_documents(texts)
    # The best of alternating runs: what else the machine does then hits both.
    pairs = [(took(bare), took(lambda: provider.embed_documents(texts))) for _ in range(5)]
    assert min(ours for _, ours in pairs) < min(theirs for theirs, _ in pairs) / 0.9


def test_the_registry_keeps_one_provider_for_each_configuration(models: Path) -> None:
    assert get_provider("local", models) is get_provider("local", models / ".." / models.name)
    assert get_provider("local", models, 2) is not get_provider("local", models)


def test_an_unknown_provider_is_refused_with_the_known_ones(models: Path) -> None:
    with pytest.raises(ValidationFailed, match=r"'remote'.*Choose one of: local, openai, sentence-transformers"):
        get_provider("remote", models)


def test_the_name_tells_model_and_precision(provider: EmbeddingProvider) -> None:
    assert provider.name == "local/all-MiniLM-L6-v2/int8"
    assert provider.max_tokens == 254


def test_the_graph_reads_as_many_tokens_as_its_positions_allow(models: Path) -> None:
    session = open_session(prepare(models) / GRAPH_FILE, 1)
    assert session.run(["tokens"], {"ids": np.full((1, 512), 7, np.int32)})[0].shape == (1, 512, 384)
