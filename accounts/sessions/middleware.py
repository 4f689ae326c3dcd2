"""Tells each session where its request came from, so that its owner can recognise the device."""

from __future__ import annotations

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

from memshadow.lib.client_address import client_address


class DeviceSessionMiddleware(SessionMiddleware):
    """Django's session middleware, with the request's address and browser noted."""

    def process_request(self, request: HttpRequest) -> None:
        """Open the session of the cookie; nothing is read from the database yet."""
        super().process_request(request)
        session = request.session
        session.seen_from(client_address(request), request.headers.get("User-Agent", ""))  # type: ignore[attr-defined]
