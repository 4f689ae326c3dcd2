"""The WSGI entry point."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memshadow.settings")
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, from whose views a stream may take its connection over: `memshadow.take_over` gives the socket away.

    Whoever takes it answers and closes it; the server is told that the client has gone, and forgets the connection.
    """
    served = environ.get("gunicorn.socket")
    if not isinstance(served, socket.socket) or environ.get("HTTP_VERSION") == "2":
        return _django(environ, start_response)
    environ["memshadow.take_over"] = lambda: socket.socket(fileno=served.detach())
    answer = _django(environ, start_response)
    if served.fileno() < 0:
        answer.close()
        raise BrokenPipeError(errno.EPIPE, "a stream has taken the connection over")
    return answer
