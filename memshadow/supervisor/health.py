"""Asking the web server whether it is ready; run as a module it is the container's health check."""

from __future__ import annotations

import http.client
import sys

from memshadow.settings.env import Env, env

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def is_ready(settings: Env, timeout_s: float = 2.0) -> bool:
    """Whether `/health/ready` of the server with these settings answers 200."""
    host = _ANY.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=timeout_s)
    try:
        connection.request("GET", "/health/ready", headers={"Host": _host_header(settings)})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _host_header(settings: Env) -> str:
    """A name that ALLOWED_HOSTS admits."""
    first = settings.allowed_hosts.split(",")[0].strip()
    return first.removeprefix(".") if first and first != "*" else "localhost"


if __name__ == "__main__":
    sys.exit(0 if is_ready(env, timeout_s=5.0) else 1)
