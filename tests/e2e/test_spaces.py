"""Sharing in a browser: a space is made and offered, two people work in it, and what is one's own stays so."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, address, enter, write_note
from tests.faults.conftest import Product


def join(page: Page, product: Product, host: Page, email: str) -> None:
    """Let the owner invite somebody, who makes an account."""
    host.goto(address(product, "/account/invitations/"))
    host.fill("[name=email]", email)
    host.click("main form button[type=submit] >> nth=0")
    link = re.search(r"http://\S+/account/invitation/[\w-]+/", host.locator("main").inner_html())
    assert link is not None
    page.goto(link.group())
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=password_again]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(address(product, "/"))


def test_two_people_share_a_tag_and_work_in_a_space(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    ada, ben = open_context().new_page(), open_context().new_page()
    enter(ada, product)
    write_note(ada, product, "The narwhal wants its tank at nine degrees.", "aquarium")
    join(ben, product, ada, "ben@example.org")

    ada.goto(address(product, "/account/spaces/"))
    ada.fill("[name=name]", "Aquarium")
    ada.click("main form button[type=submit]")
    ada.wait_for_url("**/account/spaces/*-*/")
    space = re.search(r"/spaces/([\w-]{36})/", ada.url)
    assert space is not None
    offer = ada.locator("form", has=ada.locator("[name=email]"))
    offer.locator("[name=email]").fill("ben@example.org")
    offer.locator("[name=role]").select_option("editor")
    offer.locator("button[type=submit]").click()
    ada.wait_for_load_state()
    ben.goto(address(product, "/account/spaces/"))
    ben.click("text=Take it up")
    ben.wait_for_load_state()

    ada.goto(address(product, "/tags/"))
    ada.locator("tr", has_text="aquarium").get_by_text("Edit").click()
    ada.click("text=Share…")
    ada.select_option("[name=space]", label="Aquarium")
    ada.click("text=Go on")
    ada.locator("main form button.btn-primary, main form button.btn-danger").first.click()
    expect(ada.locator("main")).to_contain_text("Done", timeout=30_000)

    ben.goto(address(product, f"/in/{space[1]}/library/"))
    expect(ben.locator("main")).to_contain_text("narwhal")
    ben.goto(address(product, f"/in/{space[1]}/memories/new/"))
    ben.fill("[name=content]", "The narwhal ate at noon.")
    ben.click("main button[type=submit]")
    ben.wait_for_url("**/memories/*-*/")
    ben.wait_for_load_state("networkidle")
    ada.goto(ben.url)
    expect(ada.locator("main")).to_contain_text("ben@example.org")
    for page in (ada, ben):
        page.goto(address(product, "/library/"))
        expect(page.locator("main")).not_to_contain_text("narwhal")
