"""Every page in a browser: no complaint of its console, no sideways scroll on a phone, no need for JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import enter, write_note
from tests.faults.conftest import Product

PAGES = [
    "/",
    "/library/",
    "/search/?q=note&explain=1",
    "/conversations/",
    "/imports/",
    "/exports/",
    "/tags/",
    "/trash/",
    "/personas/",
    "/personas/new/",
    "/memories/new/",
    "/account/",
    "/account/password/",
    "/account/api-keys/",
    "/account/invitations/",
    "/api/v1/docs",
]


def go(page: Page, product: Product, path: str) -> None:
    response = page.goto(f"http://127.0.0.1:{product.port}{path}")
    assert response is not None and response.status == 200, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways_or_complains(
    product: Product, open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    page = open_context(viewport={"width": 360, "height": 740}, color_scheme=scheme).new_page()
    enter(page, product)
    write_note(page, product, "A note with averyveryverylongword" + "x" * 200 + "\n\n```\n" + "code " * 60 + "\n```")
    for path in PAGES:
        go(page, product, path)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide or path.startswith("/api/"), path


def test_the_main_path_works_without_javascript(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(java_script_enabled=False).new_page()
    enter(page, product)
    write_note(page, product, "Without any script, the zeppelin landed.")
    expect(page.locator("#memory-body")).to_contain_text("zeppelin")
    go(page, product, "/search/?q=zeppelin")
    page.locator("#results a.memory-link").first.click()
    page.locator("[name=action][value=archive]").first.click()
    expect(page.locator("main")).to_contain_text("Archived")
    page.locator("[name=action][value=restore]").first.click()
    page.locator("[name=action][value=delete]").first.click()
    go(page, product, "/trash/")
    page.click("text=Empty the trash")
    page.click("text=Erase for good")
    expect(page.locator("main")).to_contain_text("The trash is empty")


def test_the_keyboard_is_enough(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    for n in range(3):
        write_note(page, product, f"Keyboard note number {n} about lighthouses.")
    go(page, product, "/")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.wait_for_url("**/search/**")
    page.keyboard.type("lighthouses")
    expect(page.locator("#results .memory").nth(2)).to_contain_text("lighthouses")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#memory-body")).to_contain_text("lighthouses")


def test_hostile_text_stays_text(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(
        page, product, "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> trap"
    )
    for path in ("/", "/library/", "/search/?q=trap"):
        go(page, product, path)
        assert "owned" not in page.title()
        expect(page.locator("main")).to_contain_text("<script>")


def test_the_theme_is_kept(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context(color_scheme="light").new_page()
    enter(page, product)
    page.click("[data-theme-toggle] >> visible=true")
    chosen = page.locator("html").get_attribute("data-theme")
    go(page, product, "/library/")
    assert chosen == "dark"
    assert page.locator("html").get_attribute("data-theme") == "dark"
