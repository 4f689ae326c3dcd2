"""Language models that enrichment may ask: servers that their owner named, or a model in this process."""

from enrichment.llm.endings import (
    Answer,
    LlmTrouble,
    Malformed,
    NotNow,
    Refused,
    ServerFailed,
    ServerLimits,
    TimedOut,
)

__all__ = ["Answer", "LlmTrouble", "Malformed", "NotNow", "Refused", "ServerFailed", "ServerLimits", "TimedOut"]
