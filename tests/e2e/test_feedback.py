"""Judging results in a browser, with and without scripts, and the pages that show what came of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import address, enter, write_note
from tests.e2e.test_curating import wide
from tests.faults.conftest import Product


def thumbs(page: Page, product: Product, question: str) -> None:
    page.goto(address(product, f"/search/?q={question}"))


def test_the_thumbs_swap_in_place_and_take_back(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(page, product, "The barometer fell before the storm of Thursday.")
    thumbs(page, product, "barometer")
    up = page.locator("#results .feedback [value=useful]").first
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    assert page.url == address(product, "/search/?q=barometer")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "false")


def test_without_scripts_a_verdict_is_kept_and_shown(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    enter(page, product)
    write_note(page, product, "The sextant lies in the second drawer.")
    thumbs(page, product, "sextant")
    page.locator("#results .feedback [value=useful]").first.click()
    assert page.url == address(product, "/search/?q=sextant")
    expect(page.locator("#results .feedback [value=useful]").first).to_have_attribute("aria-pressed", "true")
    page.goto(address(product, "/quality/"))
    expect(page.locator("main")).to_contain_text("The sextant lies in the second drawer.")
    assert page.locator(".chart svg").first.is_visible()


def test_the_quality_pages_fit_a_phone(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(viewport={"width": 360, "height": 740}, color_scheme="dark").new_page()
    enter(page, product)
    thumbs(page, product, "%22a+phrase+that+is+nowhere+and+quite+long+for+a+narrow+screen%22")
    for path in ("/quality/", "/quality/learnt/"):
        page.goto(address(product, path))
        assert not wide(page), path
