"""The graph explorer in a browser: it is drawn, found in, asked, and turned back in time."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import EMAIL, address, enter
from tests.faults.conftest import Product

FACTS = f"""
from accounts.models import User
from enrichment.tests.stating_facts import told
ada = User.objects.get(email="{EMAIL}")
told(ada, "Odile Marchand lives in Grenoble.", "2024-03-01")
told(ada, "Odile Marchand moved to Lyon.", "2025-02-01")
"""


def test_a_graph_is_drawn_searched_and_turned_back(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(viewport={"width": 1300, "height": 900}).new_page()
    enter(page, product)
    done = product.manage("shell", "--verbosity", "0", "--command", FACTS)
    assert done.returncode == 0, done.stderr
    page.goto(address(product, "/graph/"))
    page.wait_for_selector("#graph[data-settled]")
    expect(page.locator("#graph-list")).to_contain_text("Lyon")
    inked = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(Boolean)"
    assert page.locator("#graph canvas").evaluate(inked)
    page.get_by_label("Find a name in the graph").fill("odile")
    page.keyboard.press("Enter")
    side = page.locator("#graph-side")
    expect(side.get_by_role("heading", name="Odile Marchand")).to_be_visible()
    expect(side).to_contain_text("lives in Lyon")
    expect(side).to_contain_text("until 1 Feb 2025")
    slider = page.get_by_label("As it was on this day")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("PageDown")
        if page.get_by_label("As it was on", exact=True).input_value() < "2025-01-31":
            break
    expect(page.locator("#graph-list")).to_contain_text("Grenoble")
    expect(page.locator("#graph-list")).not_to_contain_text("Lyon")
    side.get_by_role("link", name="Open its page").click()
    expect(page.get_by_role("heading", name="Odile Marchand")).to_be_visible()
