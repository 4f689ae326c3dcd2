"""The server's JSON API: one place that sends, renews what has expired, and says in plain words what went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import httpx

from memcli import __version__, credentials
from memcli.credentials import Credentials
from memcli.errors import CliError, NotAllowed, NotThere, ServerAway
from memcli.places import alone, config_dir

CLIENT_ID = "memcli"
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_ERRORS: dict[int, type[CliError]] = {401: NotAllowed, 403: NotAllowed, 404: NotThere}


def http(server: str) -> httpx.Client:
    """A connection to a server."""
    return httpx.Client(base_url=server, timeout=_TIMEOUT, headers={"User-Agent": f"memcli/{__version__}"})


_open: list[httpx.Client] = []


def close_all() -> None:
    """Close what this run of the program has opened."""
    while _open:
        _open.pop().close()


class Server:
    """A server, and what lets us in there."""

    def __init__(self, address: str, known: Credentials | None = None) -> None:
        """`known`: None for what is kept. Raises NotAllowed when nothing is."""
        self.address = address
        self._known = known or credentials.credentials_for(address)
        self._is_given = known is not None
        self._http = http(address)
        self._space: dict[str, str] = {}
        _open.append(self._http)

    def enter(self, space: str) -> None:
        """From here on a space's memories, not one's own; by its id or name.

        Raises NotThere when one is in no such space, CliError when in several of that name.
        """
        found = [one for one in self.get("/spaces")["items"] if space in (one["id"], one["name"])]
        if not found:
            raise NotThere(f"You are in no space {space!r} at {self.address}.")
        if len(found) > 1:
            raise CliError(f"You are in {len(found)} spaces named {space!r}: give its id.")
        self._space = {"X-Memshadow-Space": found[0]["id"]}

    def get(self, path: str, **query: Any) -> Any:
        """GET under /api/v1."""
        return self._called("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Any) -> Any:
        """POST a JSON body."""
        return self._called("POST", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH a JSON body."""
        return self._called("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """PUT a JSON body."""
        return self._called("PUT", path, json=body)

    def delete(self, path: str, **query: Any) -> None:
        """DELETE."""
        self._called("DELETE", path, params={k: v for k, v in query.items() if v is not None})

    def upload(self, path: str, files: dict[str, tuple[str, BinaryIO]], form: dict[str, str]) -> Any:
        """POST files, read as they are sent, with a form."""
        return self._called("POST", path, files=files, data=form)

    @contextmanager
    def download(self, path: str) -> Iterator[httpx.Response]:
        """An answer that is read part by part. Raises ServerAway also where it breaks off."""
        self.get("/me")  # what has expired is renewed first
        headers = {"Authorization": f"Bearer {self._known.bearer}"} | self._space
        try:
            with self._http.stream("GET", f"/api/v1{path}", headers=headers) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response, answer_of(response))
                yield response
        except httpx.TransportError as error:
            raise ServerAway(f"{self.address} broke off ({error}). Is the server running?") from None

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The items of all pages of a list."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _called(self, method: str, path: str, **content: Any) -> Any:
        response = self.sent(method, f"/api/v1{path}", **content)
        if response.status_code == 204:
            return None
        answer = answer_of(response)
        if response.is_success:
            return answer
        raise error_of(response, answer)

    def sent(self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any) -> httpx.Response:
        """The answer at a path, whatever its status; a sign-in that has run out is renewed. Raises ServerAway."""
        used = self._known
        response = self._sent(method, path, used, headers, content)
        if response.status_code == 401 and not self._is_given and self._renew(used):
            response = self._sent(method, path, self._known, headers, content)
        return response

    def _sent(
        self, method: str, path: str, known: Credentials, headers: dict[str, str] | None, content: dict[str, Any]
    ) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {known.bearer}"} | self._space
        return sent(self._http, method, path, headers=bearer | (headers or {}), **content)

    def _renew(self, used: Credentials) -> bool:
        """Whether there is something else to try than what was refused: newer credentials, or a renewed token.

        One program at a time: a refresh token that is used twice ends the sign-in. Raises NotAllowed and ServerAway.
        """
        with alone(config_dir() / "refresh.lock"):
            kept = credentials.credentials_for(self.address)
            if kept.bearer == used.bearer and kept.refresh_token:
                kept = self._renewed(kept)
            self._known = kept
        return kept.bearer != used.bearer

    def _renewed(self, old: Credentials) -> Credentials:
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh_token, "client_id": CLIENT_ID}
        response = sent(self._http, "POST", "/oauth/token", data=form)
        if not response.is_success:
            if response.status_code >= 500 or response.status_code == 429:
                raise ServerAway(f"{self.address} could not renew your sign-in just now; try again in a minute.")
            credentials.forget(self.address)
            raise NotAllowed(f"Your sign-in at {self.address} has ended. Run: memcli login {self.address}")
        tokens = answer_of(response)
        renewed = Credentials(access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])
        credentials.keep(self.address, renewed)
        return renewed


def sent(connection: httpx.Client, method: str, path: str, **content: Any) -> httpx.Response:
    """The answer, whatever its status. Raises ServerAway when there is none."""
    try:
        return connection.request(method, path, **content)
    except httpx.TimeoutException:
        raise ServerAway(f"{connection.base_url} did not answer in time.") from None
    except httpx.TransportError as error:
        raise ServerAway(f"{connection.base_url} does not answer ({error}). Is the server running?") from None


def answer_of(response: httpx.Response) -> Any:
    """The answer's JSON. Raises ServerAway when it is none."""
    try:
        return response.json()
    except ValueError:
        raise ServerAway(f"{response.url.host} answered {response.status_code} and no JSON: no MEMSHADOW?") from None


def error_of(response: httpx.Response, answer: Any) -> CliError:
    """What a refusal means here."""
    worse = ServerAway if response.status_code >= 500 else CliError
    return _ERRORS.get(response.status_code, worse)(said(response, answer))


def said(response: httpx.Response, answer: Any) -> str:
    """The problem's own words (RFC 9457), with the fields that they are about."""
    problem = answer if isinstance(answer, dict) else {}
    words = str(problem.get("detail") or problem.get("title") or json.dumps(answer)[:300])
    about = [error for error in problem.get("errors") or () if error and error.get("message") != words]
    fields = [f"{error.get('field')}: {error.get('message')}" for error in about]
    wait = response.headers.get("Retry-After") if response.status_code == 429 else None
    return " ".join([words, *fields, *([f"Try again in {wait} s."] if wait else [])])
