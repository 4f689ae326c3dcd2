"""What lets this program in: an API key, or tokens of a sign-in, by server; in the system's keyring or a 0600 file."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from memcli.errors import CliError, NotAllowed
from memcli.places import config_dir, write_private

_SERVICE = "memcli"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Either an API key, or an access token with the refresh token that renews it."""

    api_key: str = ""
    access_token: str = ""
    refresh_token: str = ""

    @property
    def bearer(self) -> str:
        """What goes into the Authorization header."""
        return self.api_key or self.access_token


def server_address(given: str | None = None) -> str:
    """The server to talk to: what is given, else MEMCLI_SERVER, else the last one signed in at. Raises NotAllowed."""
    address = given or os.environ.get("MEMCLI_SERVER") or str(_read("config.json").get("server", ""))
    if not address:
        raise NotAllowed("Which server? Run: memcli login https://your-server")
    return clean_address(address)


def clean_address(address: str) -> str:
    """The address without a slash at its end. Raises CliError for what is none."""
    if "://" not in address:
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0 and address.isprintable()
    except ValueError:
        good = False
    if not good:
        raise CliError(f"{address} is no address of a server, such as https://memory.example.org.")
    return address.rstrip("/")


def credentials_for(server: str) -> Credentials:
    """What is kept for a server, MEMCLI_API_KEY first. Raises NotAllowed when there is nothing."""
    if key := os.environ.get("MEMCLI_API_KEY"):
        return Credentials(api_key=clean_key(key))
    kept = _kept(server)
    if not kept:
        raise NotAllowed(f"You are not signed in at {server}. Run: memcli login {server}")
    return Credentials(**{name: str(kept.get(name, "")) for name in ("api_key", "access_token", "refresh_token")})


def clean_key(text: str) -> str:
    """An API key as it was given, without spaces around it. Raises NotAllowed for what can be none."""
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise NotAllowed("That is no API key: one begins with msh_ and is a single line.")
    return key


def keep(server: str, credentials: Credentials) -> None:
    """Remember these for the server, and the server for the next time."""
    text = json.dumps(asdict(credentials))
    ring = _keyring()
    if ring is not None:
        ring.set_password(_SERVICE, server, text)
    else:
        _write("credentials.json", {**_read("credentials.json"), server: asdict(credentials)})
    _write("config.json", {**_read("config.json"), "server": server})


def forget(server: str) -> None:
    """Forget what lets us in at a server."""
    ring = _keyring()
    if ring is not None:
        with contextlib.suppress(Exception):  # there was none
            ring.delete_password(_SERVICE, server)
    kept = _read("credentials.json")
    if kept.pop(server, None) is not None:
        _write("credentials.json", kept)


def _kept(server: str) -> dict[str, Any]:
    ring = _keyring()
    text = ring.get_password(_SERVICE, server) if ring is not None else None
    found = json.loads(text) if text else _read("credentials.json").get(server)
    return found if isinstance(found, dict) else {}


def _keyring() -> Any:
    """The system's keyring where the library is installed and has one to offer, else None."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring if keyring.get_keyring().priority >= 1 else None
    except (KeyringError, RuntimeError):
        return None


def _read(name: str) -> dict[str, Any]:
    path = config_dir() / name
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise CliError(f"{path} is damaged; delete it and sign in again.") from None
    return found if isinstance(found, dict) else {}


def _write(name: str, content: dict[str, Any]) -> None:
    write_private(config_dir() / name, json.dumps(content, indent=2) + "\n")
