"""The search page by keyboard in a browser: completion, results, why each was found, and what a phone shows."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import address, enter, write_note
from tests.faults.conftest import Product


def test_the_keyboard_completes_a_filter_finds_and_asks_why(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(page, product, "The quadrant lies in the oak drawer.", "navigation, boat things")
    write_note(page, product, "The quadrant was made in 1911.", "history")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(unquote(request.url)))
    page.goto(address(product, "/search/"))
    box = page.locator("#q")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("role", "combobox")
    page.keyboard.type("quadrant ta")
    option = page.locator("#suggestions [role=option]", has_text="carries a tag")
    expect(option).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    page.keyboard.press("Enter")
    expect(box).to_have_value("quadrant tag:")
    page.keyboard.type("boat")
    expect(page.locator("#suggestions [role=option]")).to_have_text(["tagboat things"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(box).to_have_value('quadrant tag:"boat things" ')
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator("#results .memory")).to_have_count(1)
    expect(page.locator("#results .chip.on")).to_contain_text("Tag boat things")

    page.keyboard.press("ArrowDown")
    expect(page.locator("#results .memory-link")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator(".why-panel")).to_contain_text("This memory ")
    page.keyboard.press("x")
    expect(page.locator(".why-panel")).to_be_hidden()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#results .memory-link")).to_be_focused()
    assert asked.count(address(product, '/search/?q=quadrant tag:"boat things" ')) == 1, "leaving the box asked again"
    page.keyboard.press("Enter")
    expect(page.locator("#memory-body")).to_contain_text("oak drawer")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("Similar memories")


def test_escape_leaves_the_suggestions_and_the_words_stay(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context().new_page()
    enter(page, product)
    page.goto(address(product, "/search/"))
    page.keyboard.type("before:")
    expect(page.locator("#suggestions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("before:")


def test_a_search_is_saved_and_asked_again_without_javascript(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    enter(page, product)
    write_note(page, product, "The astrolabe needs oil.", "tools")
    page.goto(address(product, "/search/?q=astrolabe+tag:tools"))
    page.click("text=Save search")
    page.fill("#save-name", "Oil the astrolabe")
    page.click(".save-search button")
    expect(page.locator("#q")).to_have_value("astrolabe tag:tools")
    expect(page.locator("#results .memory")).to_have_count(1)
    page.goto(address(product, "/search/"))
    page.click("text=Oil the astrolabe")
    expect(page.locator("#results .memory")).to_contain_text("needs oil")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_fits_a_phone(product: Product, open_context: Callable[..., BrowserContext], scheme: str) -> None:
    page = open_context(viewport={"width": 360, "height": 740}, color_scheme=scheme).new_page()
    enter(page, product)
    write_note(page, product, "Every state of the compass.", "compass")
    long = "pneumono" * 12
    for query in (
        "compass&explain=1",
        f"compass+tag:compass+-tag:{long}",
        f"tga:{long}+before:2025-33",
        f"compass+tag:{long}",
        f"{long}:x+compass",
        "is:pinned+state:archived",
    ):
        page.goto(address(product, f"/search/?q={query}"))
        for opener in page.locator(".save-search summary").all():
            opener.click()
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, query
    page.goto(address(product, "/search/"))
    page.locator("#q").press_sequentially("tag:co")
    expect(page.locator("#suggestions [role=option]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
