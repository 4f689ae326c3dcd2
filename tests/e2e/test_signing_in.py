"""Somebody protects an account in Chromium and signs in with each: an app, a backup code, a passkey in both roles."""

from __future__ import annotations

import time
from base64 import b32decode
from collections.abc import Callable
from pathlib import Path

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import EMAIL, PASSWORD, enter
from tests.e2e.test_confirming import let_time_pass
from tests.faults.conftest import Product


@pytest.fixture
def site(make_product: Callable[..., Product]) -> tuple[Product, str]:
    """An instance of its own, under the name that browsers make passkeys for."""
    product = make_product()
    return product, f"http://localhost:{product.port}"


def code(secret: str, not_code: str = "") -> str:
    """The app's digits; waits for the next ones when those were used (a second or so: the clock is half a step on)."""
    deadline = time.monotonic() + 45
    while time.monotonic() < deadline:
        shown = f"{TOTP(b32decode(secret), drift=1 if not_code else 0).token():06d}"
        if shown != not_code:
            return shown
        time.sleep(0.5)
    pytest.fail("the app showed no new code")


def sign_out(page: Page, base: str) -> None:
    page.goto(f"{base}/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/")


def give_password(page: Page) -> None:
    page.fill("[name=username]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/second-factor/")


def give_code(page: Page, text: str) -> None:
    page.fill("[name=code]", text)
    page.get_by_role("button", name="Continue").click()


def virtual_authenticator(context: BrowserContext, page: Page) -> None:
    """A platform authenticator that verifies its person, as CDP makes them."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_person_signs_in_with_each_of_their_factors(
    site: tuple[Product, str], open_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    product, base = site
    context = open_context()
    page = context.new_page()
    enter(page, product)
    sign_out(page, f"http://127.0.0.1:{product.port}")
    page.goto(f"{base}/account/login/?next=/account/security/")
    page.fill("[name=username]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    # An authenticator app, by the key under the QR code, and the codes that come with the first factor.
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = page.locator("#app-secret").inner_text()
    first = code(secret)
    page.fill("[name=code]", first)
    page.fill("[name=name]", "Phone")
    page.get_by_role("button", name="Set up").click()
    codes = page.locator("#backup-codes code").all_inner_texts()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "codes.txt")
    assert len(codes) == 10 and all(text in (tmp_path / "codes.txt").read_text() for text in codes)

    # A passkey.
    virtual_authenticator(context, page)
    page.goto(f"{base}/account/security/passkey/")
    page.fill("[name=name]", "Laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/account/security/")
    expect(page.get_by_role("cell", name="Laptop")).to_be_visible()
    expect(page.get_by_role("cell", name="Phone")).to_be_visible()

    # With the app; the password alone opens nothing meanwhile.
    sign_out(page, base)
    give_password(page)
    assert context.request.get(f"{base}/api/v1/me").status == 401
    give_code(page, code(secret, not_code=first))
    page.wait_for_url(f"{base}/")

    # With a backup code, once.
    sign_out(page, base)
    give_password(page)
    give_code(page, codes[0])
    page.wait_for_url(f"{base}/")
    sign_out(page, base)
    give_password(page)
    give_code(page, codes[0])
    expect(page.get_by_text("used already")).to_be_visible()

    # With the passkey after the password, and with the passkey alone.
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{base}/")
    sign_out(page, base)
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.wait_for_url(f"{base}/")
    assert context.request.get(f"{base}/api/v1/me").json()["email"] == EMAIL

    # And it says who one is before a key is made.
    let_time_pass(product)
    page.goto(f"{base}/account/api-keys/")
    page.fill("[name=name]", "by passkey")
    page.get_by_role("button", name="Create key").click()
    page.locator("summary", has_text="Passkey").click()
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("button", name="Copy the key")).to_be_visible()
