"""Asking a server that speaks OpenAI's HTTP API: patience with troubles that pass, a clear refusal for the others."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from memshadow.lib.errors import Unavailable, ValidationFailed

if TYPE_CHECKING:
    import httpx

_RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep at it: attempts at one endpoint, seconds for one answer, and seconds for all of it together."""

    attempts: int
    timeout_s: float
    total_s: float
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and with which key; an empty one is not sent."""

    url: str
    api_key: str = field(repr=False)


class _Temporary(Exception):
    """Worth another attempt, `after_s` seconds from now if the server said so. `said`: its own words, if any."""

    def __init__(self, trouble: str, said: str = "", after_s: float | None = None) -> None:
        super().__init__(f"{trouble}: {said}" if said else trouble)
        self.trouble, self.after_s = trouble, after_s


class ModelServer:
    """Servers of one model, asked by POST. Redirects are not followed. Threads and forks may share it.

    The errors that it raises carry `trouble`: the reason without any words of the server, fit for a log.
    """

    def __init__(self, kind: str, model: str) -> None:
        """`kind` is what messages call the server: 'embedding' server."""
        self._kind, self._model = kind, model
        self._http: httpx.Client | None = None
        os.register_at_fork(after_in_child=self._forget)

    def ask(self, endpoint: Endpoint, body: Mapping[str, Any], patience: Patience) -> httpx.Response:
        """The answer, of status 200, with exponential back-off and full jitter between attempts.

        Raises Unavailable, or ValidationFailed when the server refuses what it is given.
        """
        deadline = time.monotonic() + patience.total_s
        for attempt in range(1, patience.attempts + 1):
            try:
                return self._once(endpoint, body, min(patience.timeout_s, max(0.1, deadline - time.monotonic())))
            except _Temporary as trouble:
                longest = min(patience.longest_pause_s, patience.first_pause_s * 2**attempt)
                pause_s = trouble.after_s if trouble.after_s is not None else random.uniform(0, longest)  # noqa: S311
                if attempt == patience.attempts or time.monotonic() + pause_s > deadline:
                    raise Unavailable(
                        f"The {self._kind} server at {endpoint.url} does not answer ({trouble}); check that it runs.",
                        trouble=trouble.trouble,
                    ) from trouble
                time.sleep(pause_s)
        raise AssertionError

    def _once(self, endpoint: Endpoint, body: Mapping[str, Any], timeout_s: float) -> httpx.Response:
        import httpx

        headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
        try:
            response = self._client.post(endpoint.url, json=body, headers=headers, timeout=timeout_s)
        except httpx.TransportError as error:
            raise _Temporary(type(error).__name__, str(error)) from error
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            raise Unavailable(
                f"{endpoint.url} cannot be the address of the {self._kind} server: {error}.",
                trouble=type(error).__name__,
            ) from error
        if response.status_code != 200:
            raise self._refusal(endpoint, response)
        return response

    def _refusal(self, endpoint: Endpoint, response: httpx.Response) -> Exception:
        """What an answer other than 200 means: later, elsewhere, or never."""
        status, said = response.status_code, _message_of(response)
        trouble, server = f"status {status}", f"The {self._kind} server at {endpoint.url}"
        if status in _RETRIED:
            return _Temporary(trouble, said, _retry_after_s(response))
        if status in (401, 403):
            return Unavailable(f"{server} refuses the API key ({said}); give it another.", trouble=trouble)
        if status == 404:
            return Unavailable(f"{server} does not know the model {self._model} ({said}).", trouble=trouble)
        if status in (400, 413, 422):
            return ValidationFailed(f"{server} refuses a text: {said}", trouble=trouble)
        return Unavailable(f"{server} answers with status {status}: {said}", trouble=trouble)

    @property
    def _client(self) -> httpx.Client:
        if self._http is None:
            from memshadow.lib.net import guarded_client

            self._http = guarded_client()
        return self._http

    def _forget(self) -> None:
        """In a forked child: the parent's connections are not to be shared."""
        self._http = None


def _message_of(response: httpx.Response) -> str:
    with suppress(ValueError, KeyError, TypeError):
        error = response.json()["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:200]
    return response.reason_phrase or "no reason given"


def _retry_after_s(response: httpx.Response) -> float | None:
    """The header Retry-After in seconds from now (RFC 9110, section 10.2.3), given as seconds or as a date."""
    value = response.headers.get("Retry-After", "")
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
