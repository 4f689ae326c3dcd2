"""Who is believed about a request's address and id, and what a record knows of the request."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from memshadow.lib import request_context
from memshadow.lib.client_address import canonical, client_address, network_of
from memshadow.lib.request_context import RequestContextMiddleware


@pytest.fixture(autouse=True)
def proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1"))


def asked(remote: str, forwarded: str = "", request_id: str = "") -> HttpRequest:
    headers = {"X-Forwarded-For": forwarded, "X-Request-ID": request_id, "User-Agent": "Firefox"}
    return RequestFactory().get("/", headers={k: v for k, v in headers.items() if v}, REMOTE_ADDR=remote)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", None),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(remote: str, forwarded: str, address: str | None) -> None:
    assert client_address(asked(remote, forwarded)) == address


def test_an_endless_list_of_hops_is_not_read_to_its_start() -> None:
    assert client_address(asked("10.0.0.1", "1.2.3.4," + "10.0.0.2," * 10_000 + "10.0.0.3")) == "10.0.0.2"


@pytest.mark.parametrize(
    ("text", "address"),
    [(" 203.0.113.7 ", "203.0.113.7"), ("fe80::1%eth0", "fe80::1"), ("203.0.113.7:80", None), ("x", None)],
)
def test_addresses_have_one_spelling(text: str, address: str | None) -> None:
    assert canonical(text) == address


def test_networks() -> None:
    assert network_of("203.0.113.7") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::7") == "2001:db8:1::/48"


def test_the_context_lasts_as_long_as_the_request() -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request_context.current())
        return HttpResponse()

    response = RequestContextMiddleware(view)(asked("203.0.113.7"))
    (context,) = seen
    assert (context.address, context.agent) == ("203.0.113.7", "Firefox")
    assert response["X-Request-ID"] == context.request_id and len(context.request_id) == 32
    assert request_context.current() == request_context.RequestContext()


@pytest.mark.parametrize(
    ("remote", "given", "kept"),
    [("10.0.0.1", "proxy-id-1", True), ("203.0.113.7", "proxy-id-1", False), ("10.0.0.1", "a b\tc<script>", False)],
)
def test_only_a_trusted_proxy_names_the_request(remote: str, given: str, kept: bool) -> None:
    response = RequestContextMiddleware(lambda _: HttpResponse())(asked(remote, request_id=given))
    assert (response["X-Request-ID"] == given) is kept


@pytest.mark.django_db
def test_every_answer_names_its_request() -> None:
    assert Client().get("/api/v1/nothing")["X-Request-ID"]
    assert Client().get("/account/login/")["X-Request-ID"]
