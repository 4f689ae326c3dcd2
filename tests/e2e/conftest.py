"""A real product and a real Chromium for the browser tests."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.faults.conftest import Product, copy_folder

PASSWORD = "a quite unusual phrase"
EMAIL = "ada@example.org"
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.fail("Install Chromium for the browser tests (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def make_product(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, migrated: Path
) -> Iterator[Callable[..., Product]]:
    """Start an instance that nobody has used; `from_nothing`, one that makes its database itself. All are stopped."""
    made: list[Product] = []

    def make(*, from_nothing: bool = False) -> Product:
        product = Product(tmp_path_factory.mktemp("instance") / "data", models_dir)
        if not from_nothing:
            copy_folder(migrated, product.data_dir)
        product.start_ready()
        made.append(product)
        return product

    yield make
    for product in made:
        product.stop()
        product.clean_up()


@pytest.fixture(scope="session")
def product(make_product: Callable[..., Product]) -> Product:
    """One instance for the tests that do not mind each other."""
    return make_product()


class Complaints(list[str]):
    """What the browser's console complained about: script errors, refused inline code, missing files."""


def is_left(complaint: str) -> bool:
    """Whether htmx only says that a request ended because its page was left; one that fails says sendError too."""
    return complaint.startswith(("htmx:afterRequest", "htmx:sendAbort"))


@pytest.fixture
def open_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """A browser window of its own; every complaint of its console fails the test."""
    contexts: list[BrowserContext] = []
    complaints = Complaints()

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and not is_left(m.text) else None)

    def open_one(**options: object) -> BrowserContext:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.on("page", watch)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def address(product: Product, path: str) -> str:
    """Where a path of the instance is."""
    return f"http://127.0.0.1:{product.port}{path}"


def write_note(page: Page, product: Product, text: str, tags: str = "") -> str:
    """Write a note in the browser; returns the path of its page."""
    page.goto(address(product, "/memories/new/"))
    page.fill("[name=content]", text)
    page.fill("[name=tags]", tags)
    page.click("main button[type=submit]")
    page.wait_for_url("**/memories/*-*/")
    page.wait_for_load_state("networkidle")  # it asks whether it is indexed; leaving meanwhile is a complaint
    return page.url.removeprefix(address(product, ""))


def setup_link(product: Product) -> str | None:
    """The one-time link that the start printed."""
    found = re.search(r"http://\S+/account/setup/\S+", "\n".join(product.lines))
    return found.group() if found else None


def enter(page: Page, product: Product) -> None:
    """Make the owner's account by the printed link, or sign in when it exists."""
    base = f"http://127.0.0.1:{product.port}"
    link = setup_link(product)
    response = page.goto(link) if link else None
    if response is not None and response.status == 200:
        page.fill("[name=email]", EMAIL)
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=password_again]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{base}/")
        product.lines[:] = [line for line in product.lines if "/account/setup/" not in line]
        return
    page.goto(f"{base}/account/login/")
    page.fill("[name=username]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{base}/")
