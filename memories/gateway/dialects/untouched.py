"""What passes as it is: lists of models, embeddings, counts of tokens."""

from __future__ import annotations

import json

from memories.gateway.dialects.dialect import Asked, Dialect, JsonObject, Reply, mapping, text_in, whole


class Untouched:
    """A request without words to remember."""

    name = "untouched"

    def __init__(self, like: Dialect, model: str = "") -> None:
        """Errors of ours look as those of `like`."""
        self.provider = like.provider
        self._like, self._model = like, model

    def read(self, body: JsonObject) -> Asked:
        """Only the model."""
        return Asked(model=text_in(body.get("model")) or self._model)

    def with_block(self, body: JsonObject, block: str) -> JsonObject | None:
        """Never."""
        return None

    def reply(self, content: bytes, *, streamed: bool) -> Reply:
        """The tokens, which embeddings cost too."""
        try:
            answer = mapping(json.loads(content))
        except ValueError:
            return Reply()
        usage = mapping(answer.get("usage"))
        return Reply(
            model=text_in(answer.get("model")), input_tokens=whole(usage.get("prompt_tokens")), output_tokens=0
        )

    def error(self, status: int, message: str, code: str) -> JsonObject:
        """As the dialect's client reads it."""
        return self._like.error(status, message, code)
