"""Hands out the rerankers that the settings name, one for each model and process."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.conf import settings

from memories.reranking.cross_encoder import CrossEncoderReranker
from memories.reranking.llm import LanguageModelReranker
from memories.reranking.protocol import Reranker
from memshadow.lib.errors import ValidationFailed

# By name: what people call it, and the settings without which it is not there.
RERANKERS: Final = {
    "cross_encoder": ("Cross-encoder", ("RERANK_CROSS_ENCODER",)),
    "llm": ("Language model", ("RERANK_LLM_URL", "RERANK_LLM_MODEL")),
}


def configured() -> list[tuple[str, str]]:
    """(name, what people call it with the model's name) of every reranker that can be asked for."""
    return [(name, f"{label} ({reranker(name).name})") for name, (label, _) in RERANKERS.items() if not _unset(name)]


def reranker(name: str) -> Reranker:
    """The reranker of that name; cheap, nothing is loaded before the first passage.

    Raises ValidationFailed for a name that RERANKERS lacks, and, naming the settings, for one that is not configured.
    """
    if name not in RERANKERS:
        raise ValidationFailed(f"rerank is none, {' or '.join(RERANKERS)}.", field="rerank")
    if unset := _unset(name):
        missing = " and ".join(f"MEMSHADOW_{setting}" for setting in unset)
        raise ValidationFailed(
            f"This server has no reranker {name}: its administrator must set {missing}. Without one, leave rerank out.",
            field="rerank",
        )
    if name == "llm":
        return _language_model(
            settings.RERANK_LLM_URL,
            settings.RERANK_LLM_MODEL,
            settings.RERANK_LLM_API_KEY,
            settings.RERANK_LLM_TIMEOUT_S,
        )
    return _cross_encoder(settings.RERANK_CROSS_ENCODER, settings.EMBEDDING_THREADS, settings.MODEL_DOWNLOADS)


def _unset(name: str) -> list[str]:
    return [setting for setting in RERANKERS[name][1] if not getattr(settings, setting)]


@lru_cache(maxsize=2)
def _cross_encoder(model: str, threads: int, downloads: bool) -> Reranker:
    return CrossEncoderReranker(model, threads, downloads=downloads)


@lru_cache(maxsize=2)
def _language_model(base_url: str, model: str, api_key: str, timeout_s: float) -> Reranker:
    return LanguageModelReranker(base_url, model, api_key, timeout_s=timeout_s)
