"""Reranking on the search page in a browser: a model is asked when the question is written, not while it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from memories.tests.chat_server import ChatServer
from tests.e2e.conftest import address, enter, write_note
from tests.faults.conftest import Product, copy_folder

SHORT, LONG = "A ferry is a boat.", "The ferry leaves at nine in the morning, from the northern pier."


@pytest.fixture
def judge() -> Iterator[ChatServer]:
    """A language model that likes short passages."""
    running = ChatServer()
    yield running
    running.close()


@pytest.fixture
def product(tmp_path: Path, judge: ChatServer, models_dir: Path, migrated: Path) -> Iterator[Product]:
    """An instance whose administrator has set the language model up."""
    made = Product(tmp_path / "data", models_dir)
    copy_folder(migrated, made.data_dir)
    made.environment |= {"MEMSHADOW_RERANK_LLM_URL": judge.url, "MEMSHADOW_RERANK_LLM_MODEL": "judge"}
    made.start_ready()
    yield made
    made.stop()
    made.clean_up()


def test_typing_asks_no_language_model_and_enter_does(
    product: Product, judge: ChatServer, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(page, product, LONG)
    write_note(page, product, SHORT)
    page.goto(address(product, "/search/"))
    page.select_option("[name=rerank]", "llm")
    page.fill("#q", "")
    page.locator("#q").press_sequentially("when does the ferry leave")
    expect(page.locator("#results .memory")).to_have_count(2)
    assert judge.requests == []
    page.keyboard.press("Enter")
    expect(page.locator(".results-head")).to_contain_text("best 2 reranked by judge")
    expect(page.locator("#results .memory").first).to_contain_text(SHORT)
    assert "rerank=llm" in page.url and len(judge.requests) == 1
