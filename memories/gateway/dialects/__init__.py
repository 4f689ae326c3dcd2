"""The languages that clients speak with models: where the words are in a request and in an answer, and nothing else."""

from memories.gateway.dialects.anthropic import AnthropicMessages
from memories.gateway.dialects.dialect import Asked, Dialect, Reply, Said
from memories.gateway.dialects.gemini import GeminiContent
from memories.gateway.dialects.openai_chat import OpenAIChat
from memories.gateway.dialects.openai_responses import OpenAIResponses
from memories.gateway.dialects.untouched import Untouched

__all__ = [
    "AnthropicMessages",
    "Asked",
    "Dialect",
    "GeminiContent",
    "OpenAIChat",
    "OpenAIResponses",
    "Reply",
    "Said",
    "Untouched",
]
