"""A model in the enricher's own process: a tiny random one, made here, read from its folder and asked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from enrichment.llm import in_process
from enrichment.llm.endings import LlmTrouble
from enrichment.models import Enrichment, LlmCall
from enrichment.services import planning
from enrichment.services.asking_models import HERE
from enrichment.services.choosing_models import set_llm
from enrichment.services.running import run_due
from enrichment.tests.reading_texts import kept
from memshadow.lib.errors import ValidationFailed

TEXT = "The oven in the bakery of my brother Tom is broken, and nobody knows who will pay for it. " * 2


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """A GPT-2 of two layers with random weights and a vocabulary of bytes."""
    pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    config = transformers.GPT2Config(vocab_size=len(alphabet), n_positions=512, n_embd=16, n_layer=2, n_head=2)
    transformers.GPT2LMHeadModel(config).save_pretrained(tmp_path)
    settings.LLM_MODEL_DIR = str(tmp_path)
    in_process._loaded.cache_clear()
    return tmp_path


@pytest.mark.filterwarnings("default")  # of its packages
@pytest.mark.django_db
def test_a_random_model_is_asked_here_and_breaks_nothing(
    owner: User, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SETTLE", timedelta(0))
    monkeypatch.setattr(in_process, "_NEW_TOKENS", 24)
    memory = kept(owner, TEXT)
    set_llm(owner=owner, is_on=True, is_local=True, step_names=["llm-questions"], from_now=False)
    run_due()
    call = LlmCall.objects.get()
    assert (call.host, call.model, call.cost_microusd) == (HERE, "", 0)
    assert call.input_tokens > 400 and call.ending in ("malformed", "empty", "refused")
    assert TEXT.strip() in call.said["prompt"]
    assert Enrichment.objects.get(memory=memory, step="llm-questions").state == "failed"


@pytest.mark.django_db
def test_without_a_model_nobody_can_choose_it_and_a_wrong_folder_says_so(
    owner: User, tmp_path: Path, settings: Settings
) -> None:
    with pytest.raises(ValidationFailed, match="no model of its own"):
        set_llm(owner=owner, is_on=True, is_local=True, step_names=["llm-questions"])
    settings.LLM_MODEL_DIR = str(tmp_path / "nothing")
    in_process._loaded.cache_clear()
    with pytest.raises(LlmTrouble, match="cannot be loaded"):
        in_process.ask_here(system="s", prompt="p")
