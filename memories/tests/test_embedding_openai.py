"""The provider of OpenAI-compatible servers, against a real HTTP server that speaks and breaks the wire format."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from memories.embedding import Machine, ModelSpec, described, open_provider
from memories.embedding.estimation import cut_to, estimated_count, estimated_spans
from memories.embedding.openai import BATCH_TEXTS, OpenAIProvider
from memories.embedding.protocol import Vectors
from memories.embedding.serving import ServedProvider
from memories.tests.embedding_server import EmbeddingServer, vector_of
from memshadow.lib.errors import Unavailable, ValidationFailed
from memshadow.lib.model_server import Patience

QUICK = Patience(attempts=3, timeout_s=0.5, total_s=3.0, first_pause_s=0.01, longest_pause_s=0.02)


@pytest.fixture
def servers() -> Iterator[list[EmbeddingServer]]:
    """Two servers of the same model."""
    running = [EmbeddingServer(16), EmbeddingServer(16)]
    yield running
    for server in running:
        if not server.closed:
            server.close()


@pytest.fixture
def server(servers: list[EmbeddingServer]) -> EmbeddingServer:
    """The first of them."""
    return servers[0]


def provider_of(*servers: EmbeddingServer, patience: Patience = QUICK, **more: Any) -> OpenAIProvider:
    endpoints = tuple(server.url for server in servers)
    spec = ModelSpec(provider="openai", model="words", dimension=16, endpoints=endpoints, **more)
    return OpenAIProvider(spec, query_patience=patience, document_patience=patience)


def expected(texts: list[str], dimension: int = 16) -> Vectors:
    vectors = np.stack([vector_of(text, dimension) for text in texts])
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_vectors_come_in_the_order_of_the_texts_and_at_unit_length(server: EmbeddingServer) -> None:
    texts = [f"text {n} " + "more " * (n % 7) for n in range(BATCH_TEXTS * 2 + 5)]
    vectors, tokens = provider_of(server).embed(texts, "document")
    np.testing.assert_allclose(vectors, expected(texts), atol=1e-5)
    assert max(len(body["input"]) for body, _ in server.requests) <= BATCH_TEXTS and len(server.requests) == 3
    assert tokens == sum(len(text.split()) for text in texts)


def test_prefixes_keys_and_names_are_sent(server: EmbeddingServer) -> None:
    provider = provider_of(server, query_prefix="query: ", document_prefix="passage: ", api_keys=("k",))
    provider.embed(["x"], "query")
    provider.embed(["y", ""], "document")
    (asked, headers), (told, _) = server.requests
    assert asked == {"model": "words", "input": ["query: x"], "encoding_format": "float"}
    assert sorted(told["input"]) == ["passage:  ", "passage: y"]
    assert headers["Authorization"] == "Bearer k"


def test_a_search_sends_its_question_with_the_prefix_of_questions(server: EmbeddingServer) -> None:
    backend = provider_of(server, query_prefix="query: ", document_prefix="passage: ")
    asked = ServedProvider(backend, "words").embed_question("x")
    assert server.requests[0][0]["input"] == ["query: x"]
    np.testing.assert_allclose(asked.sentence, expected(["query: x"])[0], atol=1e-5)
    assert asked.tokens.shape == (0, backend.dimension)


def test_base64_is_understood(server: EmbeddingServer) -> None:
    encoded = base64.b64encode(vector_of("x", 16).astype("<f4").tobytes()).decode()
    server.next_answers.append({"data": [{"index": 0, "embedding": encoded}]})
    np.testing.assert_allclose(provider_of(server).embed(["x"], "query")[0], expected(["x"]), atol=1e-5)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_trouble_is_tried_again(server: EmbeddingServer, status: int) -> None:
    server.next_answers += [status, status]
    provider_of(server).embed(["x"], "document")
    assert len(server.requests) == 3
    server.next_answers += [status] * 3
    with pytest.raises(Unavailable, match=f"status {status}"):
        provider_of(server).embed(["x"], "document")
    assert len(server.requests) == 6


def test_retry_after_is_obeyed_unless_it_is_too_long(server: EmbeddingServer) -> None:
    server.retry_after = "1"
    server.next_answers.append(429)
    started = time.monotonic()
    provider_of(server).embed(["x"], "document")
    assert time.monotonic() - started >= 1
    server.retry_after = "100"
    server.next_answers.append(429)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        provider_of(server).embed(["x"], "document")
    assert time.monotonic() - started < 1


def test_retry_after_may_be_a_date(server: EmbeddingServer) -> None:
    server.retry_after = "Wed, 21 Oct 2015 07:28:00 GMT"
    server.next_answers.append(429)
    provider_of(server).embed(["x"], "document")
    assert len(server.requests) == 2


def test_a_server_that_is_too_slow_is_given_up(server: EmbeddingServer) -> None:
    server.delay_s = 5
    patience = Patience(attempts=2, timeout_s=0.1, total_s=1.0, first_pause_s=0.01)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer"):
        provider_of(server, patience=patience).embed(["x"], "query")
    assert time.monotonic() - started < 2


def hang_up(handler: Any) -> None:
    """Half an answer, then nothing."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.wfile.flush()
    handler.close_connection = True


def test_a_connection_lost_in_the_middle_is_tried_again(server: EmbeddingServer) -> None:
    server.next_answers.append(hang_up)
    np.testing.assert_allclose(provider_of(server).embed(["x"], "query")[0], expected(["x"]), atol=1e-5)
    assert len(server.requests) == 2


WRONG = {
    "another dimension": {"data": [{"index": 0, "embedding": [1.0] * 8}]},
    "too few": {"data": []},
    "too many": {"data": [{"index": n, "embedding": [1.0] * 16} for n in range(2)]},
    "no numbers": {"data": [{"index": 0, "embedding": [None] * 16}]},
    "nothing but zeros": {"data": [{"index": 0, "embedding": [0.0] * 16}]},
    "no data": {"result": "fine"},
    "a list": {"data": "words"},
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_wrong_vectors_are_refused(server: EmbeddingServer, answer: dict[str, Any]) -> None:
    server.next_answers.append(dict(answer))
    with pytest.raises(Unavailable):
        provider_of(server).embed(["x"], "document")
    assert len(server.requests) == 1


def test_a_refused_text_is_the_texts_fault(server: EmbeddingServer) -> None:
    server.next_answers.append(400)
    with pytest.raises(ValidationFailed, match="told to say 400"):
        provider_of(server).embed(["x"], "document")


def test_the_second_endpoint_answers_while_the_first_is_away(servers: list[EmbeddingServer]) -> None:
    first, second = servers
    provider = provider_of(first, second, api_keys=("one", "two"))
    first.next_answers += [401]
    np.testing.assert_allclose(provider.embed(["x"], "query")[0], expected(["x"]), atol=1e-5)
    assert second.requests[0][1]["Authorization"] == "Bearer two"
    provider.embed(["y"], "query")
    assert (len(first.requests), len(second.requests)) == (1, 2), "the first one rests"
    second.close()
    provider.embed(["z"], "query")
    assert len(first.requests) == 2, "and is asked again when it is all that is left"


def test_a_model_of_another_length_is_no_substitute(servers: list[EmbeddingServer]) -> None:
    first, second = servers
    first.close()
    second.dimension = 8
    with pytest.raises(Unavailable, match="another model"):
        provider_of(first, second).embed(["x"], "document")


def test_a_model_is_measured(server: EmbeddingServer, tmp_path: Any) -> None:
    spec = ModelSpec(provider="openai", model="words", dimension=0, endpoints=(server.url,))
    assert described(spec, Machine(tmp_path)).dimension == 16
    raw = described(ModelSpec(**{**spec_fields(spec), "normalise": False}), Machine(tmp_path))
    assert np.linalg.norm(OpenAIProvider(raw).embed(["some words here"], "document")[0]) == pytest.approx(1, abs=0.7)
    assert raw.scale < 0.5, "the server's vectors are longer than one"


def spec_fields(spec: ModelSpec) -> dict[str, Any]:
    return {**spec.config(), "provider": spec.provider, "dimension": spec.dimension, "endpoints": spec.endpoints}


def test_served_it_has_no_token_vectors_and_asks_for_each_text_once(server: EmbeddingServer, tmp_path: Any) -> None:
    spec = ModelSpec(provider="openai", model="words", dimension=16, endpoints=(server.url,))
    provider = open_provider(spec, Machine(tmp_path))
    embedded = provider.embed_with_tokens(["x", "y", "x"])
    assert [tokens.vectors.shape for tokens in embedded.tokens] == [(0, 16)] * 3
    np.testing.assert_array_equal(embedded.sentences[0], embedded.sentences[2])
    provider.embed_documents(["y", "z"])
    provider.embed_query("x")
    assert [sorted(body["input"]) for body, _ in server.requests] == [["x", "y"], ["z"], ["x"]]


def test_pieces_cover_every_visible_character_in_order() -> None:
    text = "Überall lag Schnee: 日本語 42 π — x_y"
    spans = estimated_spans(text)
    assert "".join(text[start:end] for start, end in spans) == "".join(text.split())
    assert len(spans) == estimated_count(text)
    assert cut_to(text, 2) == "Überall " and cut_to(text, 1000) == text
