"""An app asks for access in a real browser, which goes on to the app's own address with the answer."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext

from tests.e2e.conftest import address, enter
from tests.faults.conftest import Product

VERIFIER = "v" * 50


class Arriving(BaseHTTPRequestHandler):
    """The app on this computer that waits for the browser."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<link rel=icon href='data:,'><h1>You can close this window</h1>")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


def register(product: Product, redirect_uri: str) -> str:
    body = {"client_name": "Notes", "redirect_uris": [redirect_uri], "token_endpoint_auth_method": "none"}
    request = urllib.request.Request(
        address(product, "/oauth/register"), json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["client_id"])


def test_consent_in_the_browser(product: Product, open_context: Callable[..., BrowserContext]) -> None:
    listening = HTTPServer(("127.0.0.1", 0), Arriving)
    Thread(target=listening.serve_forever, daemon=True).start()
    port = listening.server_port
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": register(product, "http://127.0.0.1/callback"),
        "redirect_uri": f"http://127.0.0.1:{port}/callback",
        "scope": "memories:read export",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = open_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    enter(page, product)
    page.goto(address(product, "/oauth/authorize?" + urlencode(asked)))
    assert page.locator("h1").inner_text() == "Let “Notes” in?"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Download memories as a file").uncheck()
    page.get_by_role("button", name="Let it in").click()
    page.wait_for_url(f"http://127.0.0.1:{port}/callback?code=*")
    page.goto(address(product, "/account/apps/"))
    row = page.locator("tbody tr")
    assert "Notes" in row.inner_text() and "memories:read" in row.inner_text() and "export" not in row.inner_text()
    row.get_by_role("button", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    assert page.get_by_text("No apps yet").is_visible()
    listening.shutdown()
    listening.server_close()
