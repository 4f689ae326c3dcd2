"""The official client works with the real product: it knows the address alone, or starts `manage.py mcp` itself."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.faults.conftest import ROOT, Product
from tests.faults.test_oauth_product import post, sign_up

TOLD = "My daughter's allergy is hazelnuts."
ASKED = "What should I avoid when I bake for my daughter?"
AT_ONCE = 12


@dataclass
class Person:
    """Who sits in front of the client: their browser, and what the client remembers of the sign-in."""

    browser: httpx.Client
    tokens: OAuthToken | None = None
    registered: OAuthClientInformationFull | None = None
    sent_back: str = ""

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.registered

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.registered = client_info

    async def opened(self, url: str) -> None:
        """The page that the client opens: everything that it asks for is agreed to."""
        asked = parse_qs(urlsplit(url).query)["scope"][0].split()
        assert set(asked) >= {"memories:read", "memories:write"} and not {"export", "gateway", "admin"} & set(asked)
        answer = post(self.browser, url, {"answer": "approve", "scopes": asked})
        self.sent_back = answer.headers["Location"]

    async def came_back(self) -> AuthorizationCodeResult:
        """What the page sent back to the client."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.sent_back).query).items()}
        return AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"])


def test_two_clients_share_one_memory(product: Product) -> None:
    """One signs in over HTTP and hears something; the other, on standard input, knows it in another conversation."""
    product.start_ready()
    with closing(sign_up(product)) as browser:
        with ThreadPoolExecutor(1) as apart:  # this thread may run a browser's event loop
            apart.submit(anyio.run, _by_address, product, Person(browser)).result()
            apart.submit(anyio.run, _by_command, product).result()
        page = browser.get("/conversations/").text
    assert "Allergies" in page and "Baking" in page


async def _by_address(product: Product, person: Person) -> None:
    url = f"http://127.0.0.1:{product.port}/mcp"
    metadata = OAuthClientMetadata(client_name="Assistant", redirect_uris=[AnyUrl("http://127.0.0.1:49152/callback")])
    auth = OAuthClientProvider(url, metadata, person, person.opened, person.came_back)
    async with (
        httpx2.AsyncClient(auth=auth, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http)) as c,
    ):
        assert {tool.name for tool in (await c.list_tools()).tools} >= {"add_memory", "search_memories", "fetch"}
        said = [{"content": TOLD}, {"role": "assistant", "content": "I will keep that in mind."}]
        added = await call(c, "add_memory", messages=said, title="Allergies", conversation="one")
        assert [item["created"] for item in added["items"]] == [True, True]
        async with anyio.create_task_group() as group:
            for _ in range(AT_ONCE):
                group.start_soon(call, c, "get_memories")
    assert person.tokens is not None and person.tokens.refresh_token
    await _only_there(product, person.tokens.access_token)


async def _only_there(product: Product, token: str) -> None:
    """The token was asked for /mcp, so that the API does not take it."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        assert (await http.get(f"http://127.0.0.1:{product.port}/api/v1/memories")).status_code == 401


async def _by_command(product: Product) -> None:
    program = StdioServerParameters(
        command=sys.executable, args=[str(ROOT / "manage.py"), "mcp"], env=product.environment
    )
    async with Client(program) as c:
        made = await call(c, "get_context", prompt=ASKED, model="gpt-4o")
        assert "hazelnuts" in made["context"] and ASKED in str(made["messages"])
        await call(c, "add_memory", messages=[{"content": ASKED}], title="Baking", conversation="two")
        (profile,) = (await c.read_resource("memshadow://profile")).contents
        assert "3 memories in 2 conversations" in str(profile)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers; the client has checked it against the tool's schema."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    answer: dict[str, Any] = result.structured_content
    return answer
