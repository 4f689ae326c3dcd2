"""Requests to other servers: what they may reach, whatever names, redirects and DNS say."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any

import httpx
import pytest
from pytest_django import Settings

from memshadow.lib.net import OutboundRefused, guarded_client, is_public


class _Redirecting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server on this machine that redirects to a cloud's metadata."""
    server = HTTPServer(("127.0.0.1", 0), _Redirecting)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let DNS answer with these addresses, one list for each time it is asked."""

    def answers(*lists: list[str]) -> None:
        left, really = list(lists), socket.getaddrinfo

        def getaddrinfo(host: str, port: int, *options: Any, **named: Any) -> list[Any]:
            if "example" not in host:
                return list(really(host, port, *options, **named))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in left.pop(0)]

        monkeypatch.setattr("memshadow.lib.net.socket.getaddrinfo", getaddrinfo)

    return answers


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "255.255.255.255",
        "224.0.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "2001:db8::1",
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_this_machine_is_refused_in_every_spelling(settings: Settings, port: int) -> None:
    settings.OUTBOUND_ALLOW = []
    with guarded_client() as client:
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0"):  # noqa: S104
            with pytest.raises((OutboundRefused, httpx.InvalidURL, httpx.ConnectError)):
                client.get(f"http://{host}:{port}/")
        with pytest.raises(OutboundRefused, match=r"MEMSHADOW_OUTBOUND_ALLOW=127\.0\.0\.1"):
            client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.0/8", "intern.example"])
def test_what_the_administrator_names_is_reached(
    settings: Settings, port: int, resolve: Callable[..., None], entry: str
) -> None:
    settings.OUTBOUND_ALLOW = [entry]
    resolve(["127.0.0.1"])
    with guarded_client() as client:
        assert client.get(f"http://Intern.example:{port}/").status_code == 200


def test_a_redirect_is_not_followed(settings: Settings, port: int) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with guarded_client() as client:
        assert client.get(f"http://127.0.0.1:{port}/away").status_code == 302


def test_a_name_that_moves_into_the_network_is_refused_at_the_next_connection(
    settings: Settings, port: int, resolve: Callable[..., None]
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    resolve(["127.0.0.1"], ["192.168.0.1"])
    headers = {"Connection": "close"}
    with guarded_client() as client:
        assert client.get(f"http://moving.example:{port}/", headers=headers).status_code == 200
        with pytest.raises(OutboundRefused, match=r"192\.168\.0\.1"):
            client.get(f"http://moving.example:{port}/", headers=headers)


def test_of_mixed_answers_only_the_permitted_are_tried(
    settings: Settings, port: int, resolve: Callable[..., None]
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    resolve(["10.255.255.1", "127.0.0.1"])
    with guarded_client() as client:
        assert client.get(f"http://mixed.example:{port}/", timeout=2).status_code == 200
