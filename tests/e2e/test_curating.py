"""Curation in a browser: undo, confirmation, many at once, the administration, and the same without any script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from memories.tests.samples import claude
from memories.tests.samples.archives import dumps, zipped
from tests.e2e.conftest import address, enter, write_note
from tests.faults.conftest import Product


def wide(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_archiving_a_card_can_be_taken_back_on_the_spot(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context().new_page()
    enter(page, product)
    memory = write_note(page, product, "The spare key hangs behind the barometer.").split("/")[2]
    page.goto(address(product, "/library/"))
    card = page.locator(f"#memory-{memory}")
    card.hover()
    card.locator("[value=archive]").click()
    expect(card).to_contain_text("Archived")
    expect(card.locator("[data-bulk-item]")).to_have_count(1)
    page.click(".toast >> text=Undo")
    expect(card).not_to_contain_text("Archived")
    assert page.url == address(product, "/library/")


def test_the_address_of_a_search_is_short(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(page, product, "The kettle whistles in F sharp.")
    page.goto(address(product, "/search/"))
    page.locator("#q").press_sequentially("kettle")
    expect(page.locator("#results .memory").first).to_contain_text("F sharp")
    expect(page).to_have_url(address(product, "/search/?q=kettle"))
    page.select_option("[name=kind]", "note")
    expect(page).to_have_url(address(product, "/search/?q=kettle&kind=note"))


def test_a_dialog_asks_before_a_key_is_revoked(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    page.goto(address(product, "/account/api-keys/"))
    page.fill("[name=name]", "kitchen tablet")
    page.click("text=Create key")
    expect(page.locator("#new-key code")).to_contain_text("msh_")
    row = page.locator("tr", has_text="kitchen tablet")
    row.locator("text=Revoke").click()
    page.click("dialog[open] >> text=Cancel")
    expect(row).not_to_contain_text("revoked")
    row.locator("text=Revoke").click()
    page.click("dialog[open] [value=yes]")
    expect(row).to_contain_text("revoked")


def test_many_are_archived_imported_and_asked_about_without_javascript(
    product: Product, open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = open_context(java_script_enabled=False).new_page()
    enter(page, product)
    names = ["Script-free oranges.", "Script-free lemons."]
    paths = [write_note(page, product, text) for text in names]
    page.goto(address(product, "/library/?q=Script-free"))
    for path in paths:
        page.check(f"#memory-{path.split('/')[2]} input[name=ids]")
    page.click("button[form=bulk][value=archive]")
    for path in paths:
        page.goto(address(product, path))
        expect(page.locator("main")).to_contain_text("Archived.")

    (tmp_path / "claude.zip").write_bytes(zipped({"conversations.json": dumps([claude.simple("no-script")])}))
    page.goto(address(product, "/imports/"))
    page.set_input_files("input[type=file]", tmp_path / "claude.zip")
    page.click("#upload button[type=submit]")
    page.wait_for_url("**/imports/*-*/")
    for _ in range(60):
        if "Done" in page.locator("#job").inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("#job")).to_contain_text("Done")

    page.goto(address(product, "/personas/new/"))
    page.fill("[name=name]", "Fruit")
    page.click("main button[type=submit]")
    page.click("main >> text=Fruit")
    page.click("text=Delete persona")
    expect(page.locator("h1")).to_have_text("Delete the persona “Fruit”?")
    page.click("main button[type=submit]")
    expect(page.locator("main")).not_to_contain_text("Fruit")


def test_the_administration_keeps_to_the_policy(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    page = open_context().new_page()
    enter(page, product)
    write_note(page, product, "Seen by an administrator.")
    page.goto(address(product, "/admin/"))
    expect(page.locator("#site-name")).to_have_text("MEMSHADOW administration")
    page.goto(address(product, "/admin/memories/memory/"))
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/")
    expect(page.locator("#content")).to_contain_text("Content")
    page.goto(address(product, "/admin/accounts/auditevent/"))
    expect(page.locator("#result_list")).to_contain_text("content.read")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_things_fit_a_phone(
    product: Product, open_context: Callable[..., BrowserContext], scheme: str
) -> None:
    page = open_context(viewport={"width": 360, "height": 740}, color_scheme=scheme).new_page()
    enter(page, product)
    long = "pneumono" * 12
    memory = write_note(page, product, f"# {long}\n\n| a | b |\n|---|---|\n| {long} | {long} |\n\n`{long}`")
    page.goto(address(product, memory))
    page.click("summary >> text=Edit tags")
    page.fill("#tags-text", f"t{long[:70]}, 日本語")
    page.click("text=Save tags")
    expect(page.locator("#memory-tags a")).to_have_count(2)
    page.goto(address(product, "/tags/"))
    tag = page.locator("td.actions a").first.get_attribute("href")
    for path in (memory, f"{memory}edit/", f"{memory}history/", str(tag), "/tags/", "/library/", f"/search/?q={long}"):
        page.goto(address(product, path))
        assert not wide(page), path
    page.click(".tabbar summary")
    expect(page.locator(".tabbar-sheet")).to_be_visible()
