"""How an answer reaches the client: through its own socket where the web server lends it, else through this thread."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from memories.gateway.relaying.calls import Call, Ending, Header, Outcome, Refusal
from memories.gateway.relaying.loop import relays
from memories.gateway.relaying.sinks import QueueSink, Sink, SocketSink

TAKE_OVER = "memshadow.take_over"


def answer(
    request: HttpRequest,
    call: Call,
    *,
    extra: list[Header],
    refusal: Callable[[Ending], Refusal],
    finished: Callable[[Outcome], None],
    through: Callable[[Sink], Sink] = lambda sink: sink,
) -> HttpResponseBase:
    """Begin the exchange. The answer returned is nobody's when the socket was taken over (memshadow/wsgi.py).

    `through` may put a sink before the client's that changes what it is given.
    """
    if (take_over := request.META.get(TAKE_OVER)) is not None:
        sink = SocketSink(take_over(), framed=request.META.get("SERVER_PROTOCOL") == "HTTP/1.1")
        relays.start(call, through(sink), extra=extra, refusal=refusal, finished=finished)
        return HttpResponse()
    waiting = QueueSink()
    relays.start(call, through(waiting), extra=extra, refusal=refusal, finished=finished)
    status, headers = waiting.wait_head()
    response = StreamingHttpResponse(waiting.pieces(), status=status)
    for name, value in headers:
        response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response
