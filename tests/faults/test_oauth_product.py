"""A real client library signs in at the real product: it finds everything by metadata, as an assistant does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client

from tests.faults.conftest import Product

EMAIL, PASSWORD, REDIRECT = "ada@example.org", "a quite unusual phrase", "http://127.0.0.1:49152/callback"


def sign_up(product: Product) -> httpx.Client:
    """A browser of the owner, who makes their account by the printed link."""
    browser = httpx.Client(base_url=f"http://127.0.0.1:{product.port}")
    found = re.search(r"/account/setup/\S+", "\n".join(product.lines))
    assert found is not None
    form = {"email": EMAIL, "password": PASSWORD, "password_again": PASSWORD}
    assert post(browser, found.group(), form).status_code == 302
    return browser


def post(browser: httpx.Client, url: str, form: Mapping[str, str | list[str]]) -> httpx.Response:
    """Send a page's form with its token."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(url).text)
    assert token is not None, url
    return browser.post(url, data={**form, "csrfmiddlewaretoken": token.group(1)})


def test_an_assistant_registers_signs_in_reads_and_renews(product: Product) -> None:
    product.start_ready()
    with closing(sign_up(product)) as browser:
        _walk(browser, f"http://127.0.0.1:{product.port}")


def _walk(browser: httpx.Client, base: str) -> None:
    refusal = httpx.get(f"{base}/api/v1/me")
    where = re.search(r'resource_metadata="([^"]+)"', refusal.headers["WWW-Authenticate"])
    assert refusal.status_code == 401 and where is not None
    server = httpx.get(where.group(1)).json()["authorization_servers"][0]
    metadata = httpx.get(f"{server}/.well-known/oauth-authorization-server").json()
    told = {"client_name": "Assistant", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"}
    made = httpx.post(metadata["registration_endpoint"], json=told).json()

    client = OAuth2Client(
        made["client_id"],
        scope="memories:read",
        redirect_uri=REDIRECT.replace("49152", "49999"),
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )
    with closing(client):
        _sign_in(client, browser, base, metadata)


def _sign_in(client: OAuth2Client, browser: httpx.Client, base: str, metadata: dict[str, str]) -> None:
    verifier = "v" * 64
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
    answer = post(browser, url, {"answer": "approve", "scopes": ["memories:read"]})
    assert urlsplit(answer.headers["Location"]).port == 49999
    client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=answer.headers["Location"],
        code_verifier=verifier,
        state=state,
    )
    assert client.get(f"{base}/api/v1/me").json()["email"] == EMAIL
    assert client.get(f"{base}/api/v1/memories").status_code == 200
    assert client.post(f"{base}/api/v1/memories", json={"content": "x"}).status_code == 403
    old = client.token["refresh_token"]
    client.refresh_token(metadata["token_endpoint"])
    assert client.token["refresh_token"] != old and client.get(f"{base}/api/v1/me").status_code == 200
    client.revoke_token(metadata["revocation_endpoint"], token=client.token["refresh_token"])
    assert client.get(f"{base}/api/v1/me").status_code == 401
