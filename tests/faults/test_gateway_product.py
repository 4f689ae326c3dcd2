"""The vendors' own clients talk through the real product, while clients hang up and the database dies."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx
import openai
import psutil
import pytest

from tests.faults.conftest import Product, until
from tests.model_servers import ModelServer

TOLD = "My daughter's allergy is hazelnuts."
ASKED = "What must I avoid when I bake for my daughter, with her allergy?"


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with ModelServer().running() as server:
        yield server


class Served:
    """The running product with an owner's key, and the two clients that are pointed at it."""

    def __init__(self, product: Product, models: ModelServer) -> None:
        servers = {f"MEMSHADOW_GATEWAY_{name}_URL": models.url for name in ("OPENAI", "ANTHROPIC", "GOOGLE")}
        product.environment |= servers
        product.start_ready()
        made = product.manage("ensure_owner", "--email", "alice@example.org", "--api-key", "chat")
        assert made.returncode == 0, made.stderr
        self.product, self.models = product, models
        self.address, self.key = f"http://127.0.0.1:{product.port}", made.stdout.strip()
        ours = {"X-Memshadow-Key": self.key}
        self.gpt = openai.OpenAI(base_url=f"{self.address}/v1", api_key="sk-x", default_headers=ours, max_retries=0)
        self.claude = anthropic.Anthropic(base_url=self.address, api_key="sk-x", default_headers=ours, max_retries=0)

    def read(self, path: str) -> list[dict[str, Any]]:
        """The items of a list of the API; none while that does not answer."""
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            answer = httpx.get(f"{self.address}/api/v1{path}", headers=headers, timeout=30)
            return list(answer.json()["items"]) if answer.status_code == 200 else []
        except httpx.TransportError:
            return []

    def said(self) -> list[str]:
        """Everything that is remembered."""
        return [row["content"] for row in self.read("/memories?limit=100")]

    def ask(self, words: str, model: str = "gpt-test", **more: Any) -> Any:
        """The raw answer of the OpenAI client."""
        chat: Any = [{"role": "user", "content": words}]
        return self.gpt.chat.completions.with_raw_response.create(model=model, messages=chat, **more)


@pytest.fixture
def served(product: Product, models: ModelServer) -> Served:
    return Served(product, models)


def test_what_one_client_was_told_reaches_the_other_clients_model(served: Served) -> None:
    """OpenAI's client is told something; Anthropic's asks in another conversation; both are in the library."""
    served.ask(TOLD, extra_headers={"X-Memshadow-Conversation": "allergies"})
    until(lambda: TOLD in served.said(), "what was told is remembered")
    asked: Any = [{"role": "user", "content": ASKED}]
    told: list[Any] = []

    def is_known() -> bool:
        told.append(served.claude.messages.with_raw_response.create(model="claude-test", max_tokens=50, messages=asked))
        return "hazelnuts" in served.models.last.raw.decode()

    until(is_known, "the model is told of the allergy")
    headers = told[-1].headers
    assert headers["X-Memshadow-Memory"] == "used" and int(headers["X-Memshadow-Memories"]) >= 1
    until(lambda: ASKED in served.said(), "what was asked is remembered")
    assert not [text for text in served.said() if "memshadow-memories" in text], "never our own block"
    titles = {row["title"] for row in served.read("/conversations")}
    assert {TOLD, ASKED} <= titles, titles
    off = served.ask("Nothing of this", extra_headers={"X-Memshadow-Memory": "off"})
    assert off.headers["X-Memshadow-Memory"] == "off; reason=asked" and off.content == served.models.sent
    calls = served.read("/gateway/calls")
    assert {call["memory_state"] for call in calls} >= {"used", "off"}
    assert "Nothing of this" not in served.said()


def test_a_client_that_hangs_up_and_a_server_that_breaks_off(served: Served) -> None:
    with served.gpt.chat.completions.create(model="gpt-wait", messages=_chat("Hang up"), stream=True) as stream:
        heard = next(chunk for chunk in stream if chunk.choices[0].delta.content)
    assert heard.choices[0].delta.content
    until(served.models.last.hung_up.is_set, "the model's server is told to stop")
    until(lambda: _half(served) != "", "the half that was said is remembered")
    with pytest.raises((httpx.RemoteProtocolError, openai.APIConnectionError)):
        list(served.gpt.chat.completions.create(model="gpt-drop", messages=_chat("Break off"), stream=True))
    until(lambda: "Break off" in served.said(), "what was asked is remembered")
    endings = [call["ending"] for call in served.read("/gateway/calls")]
    assert endings == ["upstream_broke", "client_gone"]


def _half(served: Served) -> str:
    answers = [text for text in served.said() if served.models.words.startswith(text)]
    return answers[0] if answers and answers[0] != served.models.words else ""


def test_the_chat_goes_on_while_the_database_is_killed_and_while_it_is_silent(served: Served) -> None:
    served.ask("Hello")
    until(lambda: "Hello" in served.said(), "the key is known")
    stream = served.gpt.chat.completions.create(model="gpt-wait", messages=_chat("In the middle"), stream=True)
    first = next(stream)
    victim = served.product.child("postgres")
    victim.kill()
    served.models.proceed.set()
    answered = [first, *stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in answered) == served.models.words
    until(served.product.is_ready, "the database is back")
    until(lambda: "In the middle" in served.said(), "and has what was said meanwhile")

    with _silent(served.product.child("postgres")):
        answer = served.ask("Is anybody there?")
        assert answer.parse().choices[0].message.content == served.models.words
        assert answer.headers["X-Memshadow-Memory"] == "failed; reason=database"
    until(lambda: "Is anybody there?" in served.said(), "the database has it once it answers")


def _chat(words: str) -> Any:
    return [{"role": "user", "content": words}]


class _silent:
    """While this holds, the database takes connections and answers nothing."""

    def __init__(self, postmaster: psutil.Process) -> None:
        self._all: Callable[[], list[psutil.Process]] = lambda: [postmaster, *postmaster.children(recursive=True)]

    def __enter__(self) -> None:
        self._signal(signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._all():
            process.send_signal(number)
