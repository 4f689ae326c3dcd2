"""A small language model in the enricher's own process, by transformers, from a folder: no server, no network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from enrichment.llm.endings import Answer, Empty, LlmTrouble

_NEW_TOKENS: Final = 400
_READ_TOKENS: Final = 3_000


def is_configured() -> bool:
    """Whether this server has a model of its own to ask."""
    return bool(settings.LLM_MODEL_DIR)


def ask_here(*, system: str, prompt: str) -> Answer:
    """The answer of the configured model. Raises LlmTrouble where it cannot be loaded, Empty."""
    tokenizer, model = _loaded(settings.LLM_MODEL_DIR)
    text = _as_prompt(tokenizer, system, prompt)
    room = getattr(model.config, "max_position_embeddings", _READ_TOKENS + _NEW_TOKENS) - _NEW_TOKENS
    read = tokenizer(text, return_tensors="pt", truncation=True, max_length=max(16, min(room, _READ_TOKENS)))
    count = int(read["input_ids"].shape[1])
    written = model.generate(
        **read, max_new_tokens=_NEW_TOKENS, do_sample=False, pad_token_id=tokenizer.pad_token_id or 0
    )[0][count:]
    words = str(tokenizer.decode(written, skip_special_tokens=True)).strip()
    if not words:
        raise Empty("The model answered nothing.")
    return Answer(words, Path(settings.LLM_MODEL_DIR).name, count, len(written))


def _as_prompt(tokenizer: Any, system: str, prompt: str) -> str:
    """As the model was taught to be asked, else one text after the other."""
    if not getattr(tokenizer, "chat_template", None):
        return f"{system}\n\n{prompt}\n\n"
    said = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
    return str(tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True))


@lru_cache(maxsize=1)
def _loaded(folder: str) -> tuple[Any, Any]:
    try:
        # Only when it is asked: both take hundreds of megabytes.
        from transformers import AutoModelForCausalLM, AutoTokenizer

        # Files of this machine only, so there is no revision to pin.
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)  # nosec B615
        return tokenizer, AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()  # nosec B615
    except (ImportError, OSError, ValueError) as error:
        raise LlmTrouble(
            "The model of MEMSHADOW_LLM_MODEL_DIR cannot be loaded: install the extra 'transformers', and name "
            "a folder with its weights, configuration and tokenizer."
        ) from error
