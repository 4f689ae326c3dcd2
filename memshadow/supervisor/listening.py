"""The web server's socket: taken once by the supervisor, so that restarts never lose the port."""

from __future__ import annotations

import errno
import socket

from memshadow.lib.errors import Unavailable

BACKLOG = 2048
_REMEDIES = {
    errno.EADDRINUSE: "another program listens there. Stop it, or choose another port: PORT={other}",
    errno.EACCES: "ports below 1024 need root. Choose another port: PORT=8000",
    errno.EADDRNOTAVAIL: "this machine has no such address. Use HOST=127.0.0.1 or HOST=0.0.0.0",
}


class AddressUnusable(Unavailable):
    """The web server cannot listen there; the message says why and what to set instead."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host`:`port` already. Raises AddressUnusable."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise AddressUnusable(f"HOST={host} is not an address of this machine: {error.strerror}.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = _REMEDIES.get(error.errno or 0, error.strerror or "it failed")
        raise AddressUnusable(
            f"Cannot listen on {host}:{port}: {reason.format(other=port + 1 if port < 65535 else 8000)}."
        ) from error
    return listener
