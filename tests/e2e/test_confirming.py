"""Somebody is asked in Chromium who they are before something that hurts, and another finds a way back in by mail."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, address, enter
from tests.faults.conftest import Product, until

LONG_AGO = """
from datetime import timedelta
from accounts.models import Session
from memshadow.lib.clock import now
Session.objects.update(confirmed_at=now() - timedelta(hours=1))
"""
BOB, FORGOTTEN, NEW = "bob@example.org", "what was it again", "this one I shall keep"


def let_time_pass(product: Product) -> None:
    """An hour after everybody signed in."""
    done = product.manage("shell", "--verbosity", "0", "--command", LONG_AGO)
    assert done.returncode == 0, done.stderr


def test_a_key_is_made_once_its_person_has_confirmed(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    page = open_context(viewport={"width": 360, "height": 740}).new_page()
    enter(page, product)
    let_time_pass(product)
    page.goto(address(product, "/account/api-keys/"))
    page.fill("[name=name]", "confirmed laptop")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Confirm and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("That password is not right.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm and go on").click()
    expect(page.get_by_role("button", name="Copy the key")).to_be_visible()
    expect(page.get_by_text("confirmed laptop").first).to_be_visible()


def make_bob(page: Page, product: Product, open_context: Callable[..., BrowserContext]) -> Page:
    """Invited by the owner in `page`; his browser."""
    page.goto(address(product, "/account/invitations/"))
    page.get_by_role("button", name="Make a link").click()
    theirs = open_context().new_page()
    theirs.goto(page.locator("code", has_text="/account/invitation/").inner_text())
    theirs.fill("[name=email]", BOB)
    theirs.fill("[name=password]", FORGOTTEN)
    theirs.fill("[name=password_again]", FORGOTTEN)
    theirs.get_by_role("button", name="Accept and make my account").click()
    theirs.wait_for_url(address(product, "/"))
    return theirs


def mailed_link(product: Product) -> str:
    """What the server would have mailed: without a mail server it is in its output."""
    link = re.compile(r"http://\S+/account/password/forgotten/\S+")
    until(lambda: bool(link.search("\n".join(product.lines))), "the mail with the link is written")
    found = link.findall("\n".join(product.lines))
    return str(found[-1])


def test_a_forgotten_password_is_replaced_by_the_mailed_link(
    product: Product, open_context: Callable[..., BrowserContext]
) -> None:
    owners = open_context().new_page()
    enter(owners, product)
    signed_in = make_bob(owners, product, open_context)
    page = open_context().new_page()
    page.goto(address(product, "/account/login/"))
    page.get_by_role("link", name="Forgot your password?").click()
    page.fill("[name=email]", BOB)
    page.get_by_role("button", name="Send me a link").click()
    link = mailed_link(product)
    page.goto(link)
    page.fill("[name=new]", NEW)
    page.fill("[name=new_again]", NEW)
    page.get_by_role("button", name="Set the new password").click()
    page.wait_for_url("**/account/login/")
    page.fill("[name=username]", BOB)
    page.fill("[name=password]", NEW)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(address(product, "/"))
    signed_in.goto(address(product, "/account/"))
    expect(signed_in.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.request.get(link).status == 404, "a link works once"
