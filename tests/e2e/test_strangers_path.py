"""A stranger's way through the product, in a browser: from the printed link to a memory found again elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from memories.tests.samples import chatgpt, claude
from memories.tests.samples.archives import dumps, zipped
from tests.e2e.conftest import address, enter
from tests.faults.conftest import Product


def import_file(page: Page, product: Product, path: Path) -> dict[str, int]:
    """Upload a file, watch its progress to the end, return its counts."""
    page.goto(address(product, "/imports/"))
    page.set_input_files("input[type=file]", str(path))
    page.click("#upload button[type=submit]")
    page.wait_for_selector("#job")
    expect(page.locator("#job")).to_contain_text("Done", timeout=60_000)
    counts = page.locator(".job-count > div")
    return {
        counts.nth(n).locator("dt").inner_text(): int(counts.nth(n).locator("dd").inner_text().replace(",", ""))
        for n in range(counts.count())
    }


def statistics(page: Page, product: Product) -> list[str]:
    """The numbers of the home page that an export must carry over: memories, conversations, sources."""
    page.goto(address(product, "/"))
    return [text.split("\n")[-1] for text in page.locator(".grid-stats > *").all_inner_texts()[:3]]


def test_from_the_first_link_to_a_second_server(
    make_product: Callable[..., Product], open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    first, page = make_product(from_nothing=True), open_context(accept_downloads=True).new_page()
    enter(page, first)
    page.fill("textarea[name=content]", "My daughter is allergic to hazelnuts.")
    page.fill("input[name=tags]", "family")
    page.click("text=Save memory")
    expect(page.locator("#recent")).to_contain_text("hazelnuts")

    (tmp_path / "chatgpt.zip").write_bytes(chatgpt.export())
    (tmp_path / "claude.zip").write_bytes(claude.export())
    assert import_file(page, first, tmp_path / "chatgpt.zip")["imported"] > 0
    assert import_file(page, first, tmp_path / "claude.zip")["imported"] > 0
    again = import_file(page, first, tmp_path / "chatgpt.zip")
    assert again["imported"] == 0 and again["known already"] > 0

    page.goto(address(first, "/search/"))
    page.locator("#q").press_sequentially("which nuts must she avoid", delay=20)
    expect(page.locator("#results .memory").first).to_contain_text("hazelnuts")
    page.locator("#results a.memory-link").first.click()
    page.click("text=Edit >> nth=0")
    page.fill("textarea[name=content]", "My daughter is allergic to hazelnuts and almonds.")
    page.click("main button[type=submit]")
    expect(page.locator("#memory-body")).to_contain_text("almonds")
    page.click("text=1 revision")
    page.click("text=Go back to this")
    expect(page.locator("#memory-body")).not_to_contain_text("almonds")

    page.goto(address(first, "/exports/"))
    with page.expect_download() as download:
        page.click("text=Download")
    download.value.save_as(tmp_path / "memshadow.jsonl")
    before = statistics(page, first)

    second = make_product()
    other = open_context().new_page()
    enter(other, second)
    assert import_file(other, second, tmp_path / "memshadow.jsonl")["failed"] == 0
    assert statistics(other, second) == before
    other.goto(address(second, "/search/?q=hazelnuts"))
    expect(other.locator("#results .memory").first).to_contain_text("hazelnuts")


def test_a_zip_of_the_same_conversation_twice_is_one(
    product: Product, open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    page = open_context().new_page()
    enter(page, product)
    chats = dumps([chatgpt.simple("one")])
    (tmp_path / "twice.zip").write_bytes(zipped({"a/conversations.json": chats, "b/conversations.json": chats}))
    counts = import_file(page, product, tmp_path / "twice.zip")
    assert counts["imported"] == 2
