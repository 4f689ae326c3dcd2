"""A local server that speaks the wire format of OpenAI's `/v1/chat/completions`, and misbehaves as it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from memories.tests.embedding_server import EmbeddingServer

_PASSAGE = re.compile(r"^<(\S+) passage (\d+)>\n(.*?)\n</\1>$", re.DOTALL | re.MULTILINE)


def completion(said: str | None) -> dict[str, Any]:
    """A whole answer in which the model says that."""
    message = {"role": "assistant", "content": said}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


class ChatServer(EmbeddingServer):
    """Ranks the passages that it is shown by `key`, least first; answers of `next_answers` come first."""

    def __init__(self) -> None:
        super().__init__()
        self.key: Callable[[str], Any] = len

    @property
    def prompts(self) -> list[str]:
        """All messages of each request, as one text."""
        return ["\n".join(message["content"] for message in body["messages"]) for body, _ in self.requests]

    def passages(self, prompt: str = "") -> dict[int, str]:
        """The passages of a prompt, the last one's when none is given, by their number."""
        return {int(number): text for _, number, text in _PASSAGE.findall(prompt or self.prompts[-1])}

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The numbers of the passages, best first."""
        shown = self.passages(body["messages"][-1]["content"])
        return completion(json.dumps(sorted(shown, key=lambda number: self.key(shown[number]))))
