"""What the gateway adds to a chat, and what open streams cost search: `python -m benchmarks.gateway`.

A real `manage.py up`, and a model server in a process of its own that begins to answer at once. Each prompt is new, so
that no cache answers. Only differences and ratios of things that were measured in one run mean anything.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from benchmarks.archives import Writer
from benchmarks.figures import percentile, table, timed_ms
from benchmarks.instance import EMAIL, Instance, data_folder, running

if TYPE_CHECKING:
    from accounts.models import User

PATH = "/v1/chat/completions"
PROMPTS = 150
PIECES, PAUSE_S = 40, 0.5  # of a slow stream
GOAL_MS, GOAL_RATIO = 15.0, 1.5
_PIECE = b'data: {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "word "}}]}\n\n'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Chat completions as a stream: at once, or one piece every PAUSE_S for a model whose name ends in -slow."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            slow = b'-slow"' in await reader.readexactly(length)
            writer.write(_HEAD)
            for _ in range(PIECES if slow else 3):
                writer.write(b"%x\r\n%s\r\n" % (len(_PIECE), _PIECE))
                await writer.drain()
                await asyncio.sleep(PAUSE_S if slow else 0)
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _serve(told: Any) -> None:
    async def run() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=512)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def upstream() -> Iterator[str]:
    """The model server's address."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def first_byte(base: str, headers: dict[str, str]) -> Callable[[str], None]:
    """Asks with a prompt and waits for the first byte of the answer's body, each time over a new connection."""
    netloc = urlsplit(base).netloc

    def ask(prompt: str) -> None:
        connection = http.client.HTTPConnection(netloc, timeout=60)
        connection.request("POST", PATH, _body(prompt, "gpt-4o"), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read(1):
            raise SystemExit(f"{base} answers with {answer.status}: {answer.read()[:500]!r}")
        connection.close()

    return ask


def _body(prompt: str, model: str) -> bytes:
    return json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}).encode()


def prompts(seed: int) -> list[str]:
    """Questions of a sentence, none twice."""
    writer = Writer(seed=seed)
    return [f"{writer.sentence('memory')} {seed}.{n}" for n in range(PROMPTS)]


def added(owner: User, instance: Instance, model_server: str) -> dict[str, list[float]]:
    """Milliseconds to the first byte: upstream alone, through us without and with memory; and of context alone."""
    from memories.context import ContextRequest, prepare

    ours = {"X-Memshadow-Key": instance.api_key, "Authorization": "Bearer sk-x"}
    off, write = {"X-Memshadow-Memory": "off"}, {"X-Memshadow-Memory": "read"}
    alone, through = first_byte(model_server, {}), first_byte(instance.base_url, ours | off)
    remembering = first_byte(instance.base_url, ours | write)

    def context(prompt: str) -> None:
        prepare(owner, ContextRequest(prompt=prompt, model="gpt-4o"))

    for warm, seed in ((alone, 11), (through, 12), (remembering, 13), (context, 14)):
        timed_ms(warm, prompts(seed)[:20])
    return {
        "upstream alone": timed_ms(alone, prompts(1)),
        "through the gateway, memory off": timed_ms(through, prompts(2)),
        "through the gateway, with memories": timed_ms(remembering, prompts(3)),
        "context alone": timed_ms(context, prompts(4)),
    }


class OpenStreams:
    """So many slow answers under way through the gateway while this is used as a context manager."""

    def __init__(self, instance: Instance, count: int) -> None:
        self._instance, self._count = instance, count
        self._loop = asyncio.new_event_loop()
        self._ended = threading.Event()
        self.opened = 0
        self.broken = 0

    def __enter__(self) -> OpenStreams:
        threading.Thread(target=self._run, daemon=True).start()
        deadline = time.monotonic() + 120
        while self.opened < self._count and time.monotonic() < deadline:
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _run(self) -> None:
        async def all_of_them() -> None:
            tasks = [asyncio.create_task(self._one(n)) for n in range(self._count)]
            while not self._ended.is_set():
                await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._loop.run_until_complete(all_of_them())

    async def _one(self, number: int) -> None:
        """One stream after the other, so that the count stays."""
        parts = urlsplit(self._instance.base_url)
        body, is_first = _body(f"Stream {number}", "gpt-4o-slow"), True
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Memshadow-Key: {self._instance.api_key}\r\nX-Memshadow-Memory: off\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        while True:
            try:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                writer.write(head + body)
                answer = await reader.readuntil(b"word ")
                self.broken += b" 200 " not in answer.partition(b"\r\n")[0]
                self.opened += is_first
                is_first = False
                while await reader.read(65536):
                    pass
                writer.close()
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                self.broken += 1
                await asyncio.sleep(1)


def searching(instance: Instance, seed: int) -> list[float]:
    """Milliseconds of searches over HTTP, each question new."""
    headers = {"Authorization": f"Bearer {instance.api_key}"}
    with httpx.Client(base_url=instance.base_url, headers=headers, timeout=60) as client:

        def search(question: str) -> None:
            client.get("/api/v1/search", params={"q": question}).raise_for_status()

        return timed_ms(search, prompts(seed))


def report(times: dict[str, list[float]], idle: list[float], busy: list[float], streams: OpenStreams) -> dict[str, Any]:
    """Print the tables and how they compare with the goals; returns the figures."""
    p50 = {name: percentile(values, 50) for name, values in times.items()}
    alone, off, on, context = p50.values()
    figures = {
        "added_without_memory_ms": round(off - alone, 2),
        "added_beyond_context_ms": round(on - alone - context, 2),
        "goal_ms": GOAL_MS,
        "with_memories_by_upstream_and_context": round(on / (alone + context), 3),
        "open_streams": streams.opened,
        "broken_streams": streams.broken,
        "search_p95_by_idle": round(percentile(busy, 95) / percentile(idle, 95), 3),
        "goal_ratio": GOAL_RATIO,
    }
    print(table([*times.items(), ("search, idle", idle), (f"search, {streams.opened} open streams", busy)]))
    print(json.dumps(figures, indent=1))
    return figures


def main() -> None:
    """Start both servers, fill an account, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    with upstream() as model_server, data_folder() as folder:
        os.environ["MEMSHADOW_GATEWAY_OPENAI_URL"] = model_server
        with running(folder) as instance:
            figures = _measured(instance, model_server, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


def _measured(instance: Instance, model_server: str, arguments: argparse.Namespace) -> dict[str, Any]:
    import django

    django.setup()
    from accounts.models import User
    from benchmarks.search import fill

    logging.getLogger().setLevel(logging.WARNING)
    owner = User.objects.get(email=EMAIL)
    fill(owner, arguments.memories)
    times = added(owner, instance, model_server)
    searching(instance, 20)
    idle = searching(instance, 21)
    with OpenStreams(instance, arguments.streams) as streams:
        busy = searching(instance, 22)
    return report(times, idle, busy, streams)


if __name__ == "__main__":
    main()
