"""Retakes the pictures of the README from a fresh server with invented content: `make dev`, then
`.venv/bin/python docs/screenshots/take.py`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import content  # noqa: E402

from tests.e2e.conftest import setup_link  # noqa: E402
from tests.faults.conftest import ROOT, Product  # noqa: E402

PASSWORD = "a quite unusual phrase"  # noqa: S105 - of a server that lives for a minute
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 780}
MAX_BYTES = 250_000
INDEXING_TIMEOUT_MS = 180_000


class Camera:
    """A browser window on the fresh server."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self._base = page, base
        page.set_default_timeout(20_000)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self._base + path)

    def take(self, name: str) -> None:
        """Write NAME.png beside this script."""
        self.page.mouse.move(0, 0)
        target = HERE / f"{name}.png"
        self.page.screenshot(path=target)
        size = target.stat().st_size
        print(f"{target.relative_to(ROOT)}: {size / 1000:.0f} kB")  # noqa: T201
        if size > MAX_BYTES:
            raise SystemExit(f"{target.name} is larger than {MAX_BYTES / 1000:.0f} kB; make its window smaller.")


@contextmanager
def server() -> Iterator[Product]:
    """A server of its own that leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="msh-shots-"))
    product = Product(folder / "data", ROOT / ".stamps" / "models")
    try:
        product.start_ready()
        yield product
        product.stop()
    finally:
        product.clean_up()
        shutil.rmtree(folder, ignore_errors=True)


def make_account(camera: Camera, link: str) -> None:
    """Nora's account, by the printed link."""
    page = camera.page
    page.goto(link)
    page.fill("[name=email]", "nora@example.org")
    page.fill("[name=display_name]", "Nora Lindqvist")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=password_again]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector("#capture")


def start_import(camera: Camera, name: str, archive: bytes) -> None:
    """Upload an archive."""
    camera.go("/imports/")
    file: FilePayload = {"name": name, "mimeType": "application/zip", "buffer": archive}
    camera.page.set_input_files("input[type=file]", files=[file])
    camera.page.click("#upload button[type=submit]")
    camera.page.wait_for_selector("#job")


def fill_library(camera: Camera, today: datetime) -> None:
    """Imports, personas, a key and notes, and wait until all of it is indexed."""
    page = camera.page
    for name, archive in (
        ("garden-chats.zip", content.long_archive(today, 300)),
        ("chatgpt-export.zip", content.chatgpt_archive(today)),
        ("claude-export.zip", content.claude_archive(today)),
    ):
        start_import(camera, name, archive)
        expect(page.locator("#job")).to_contain_text("Done", timeout=INDEXING_TIMEOUT_MS)
    camera.go("/account/api-keys/")
    page.fill("[name=name]", "laptop")
    page.click("text=Create key")
    for name in ("Home", "Work"):
        camera.go("/personas/new/")
        page.fill("[name=name]", name)
        page.click("main button[type=submit]")
    camera.go("/")
    for text, tags in content.NOTES:
        page.fill("textarea[name=content]", text)
        page.fill("input[name=tags]", tags)
        page.click("text=Save memory")
        expect(page.locator("textarea[name=content]")).to_have_value("")
    for path in ("/library/?q=bed+299", "/library/"):
        camera.go(path)
        while page.locator("text=Indexing").count():
            page.wait_for_timeout(500)
            page.reload()


def take_all(browser: Browser, product: Product) -> None:
    """Every picture."""
    base, link, today = f"http://127.0.0.1:{product.port}", setup_link(product), datetime.now(UTC)
    context = browser.new_context(viewport=WIDE, color_scheme="light", device_scale_factor=1.5)
    camera = Camera(context.new_page(), base)
    make_account(camera, link or "")
    fill_library(camera, today)
    state = context.storage_state()
    dark = Camera(browser.new_context(viewport=WIDE, color_scheme="dark", storage_state=state).new_page(), base)
    phone = Camera(
        browser.new_context(
            viewport=PHONE, color_scheme="light", storage_state=state, device_scale_factor=2
        ).new_page(),
        base,
    )
    camera.go("/")
    camera.take("home-light")
    dark.go("/search/?q=how+warm+should+the+starter+be+after:2020")
    dark.page.locator("[data-explain] > summary").first.click()
    dark.take("search-dark")
    camera.go("/search/?q=sourdough+the+version+that+works&kind=note")
    camera.page.locator("#results a.memory-link").first.click()
    camera.page.wait_for_selector("#memory-body")
    camera.take("memory")
    phone.go("/conversations/?q=slow+query")
    phone.page.locator("[data-item-link]").first.click()
    phone.page.wait_for_selector(".turns")
    phone.take("mobile")
    start_import(camera, "chatgpt-2021-2026.zip", content.long_archive(today, 9000))
    expect(camera.page.locator("#job")).to_contain_text("memories a second", timeout=INDEXING_TIMEOUT_MS)
    camera.page.wait_for_timeout(4_000)
    camera.take("import-progress")


def main() -> None:
    """Start, take, stop."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with server() as product, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        take_all(browser, product)
        browser.close()


if __name__ == "__main__":
    main()
