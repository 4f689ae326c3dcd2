"""kill -9 of worker, web server and PostgreSQL in the middle of an import: nothing lost, nothing twice."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.faults.conftest import Product, until

CHATS = 120
TURNS = 12


class Api:
    """A client that goes on when the server is away for a moment."""

    def __init__(self, product: Product, key: str) -> None:
        self._base, self._key = f"http://127.0.0.1:{product.port}/api/v1", key

    def get(self, path: str) -> dict[str, Any]:
        """The JSON at `path`, or an empty dict while nobody answers."""
        request = urllib.request.Request(self._base + path, headers={"Authorization": f"Bearer {self._key}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except OSError:
            return {}

    def counts(self, job: str) -> dict[str, int]:
        """What an import has done so far."""
        counts: dict[str, int] = self.get(f"/imports/{job}").get("counts", {})
        return counts

    def upload(self, data: bytes) -> str:
        """Start an import; its id."""
        edge = "memshadow-test-boundary"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="conversations.json"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        request = urllib.request.Request(
            f"{self._base}/imports",
            data=body,
            headers={
                "Authorization": f"Bearer {self._key}",
                "Content-Type": f"multipart/form-data; boundary={edge}",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(json.load(response)["id"])


def archive() -> bytes:
    """ChatGPT conversations whose every turn has words of its own."""
    return json.dumps([_chat(number) for number in range(CHATS)]).encode()


def _chat(number: int) -> dict[str, Any]:
    nodes: dict[str, Any] = {}
    for turn in range(TURNS):
        key, parent = f"{number}-{turn}", f"{number}-{turn - 1}" if turn else None
        nodes[key] = {
            "id": key,
            "parent": parent,
            "message": {
                "id": key,
                "author": {"role": ("user", "assistant")[turn % 2]},
                "create_time": 1_700_000_000 + number * 100 + turn,
                "content": {"content_type": "text", "parts": [f"Turn {turn} of chat {number} about topic{number}."]},
            },
        }
    return {"id": f"c{number}", "title": f"Chat {number}", "mapping": nodes, "current_node": f"{number}-{TURNS - 1}"}


@pytest.mark.parametrize("victims", [["qcluster"], ["qcluster", "gunicorn", "postgres"]])
def test_an_import_survives_kill_9(product: Product, victims: list[str]) -> None:
    product.at_full_size().start_ready()
    key = product.manage("ensure_owner", "--email", "ada@example.org", "--api-key", "t").stdout.strip()
    api = Api(product, key)
    job = api.upload(archive())
    until(lambda: api.counts(job).get("imported", 0) > 0, "the import is under way")
    assert api.get(f"/imports/{job}")["state"] == "running"
    for victim in victims:
        child = product.child(victim)
        for process in [child, *child.children(recursive=True)]:
            process.kill()
    until(lambda: api.get(f"/imports/{job}").get("state") == "done", "the import is done", timeout_s=150)
    report = api.counts(job)
    assert (report["imported"], report["duplicates"], report["failed"]) == (CHATS * TURNS, 0, 0)
    until(lambda: api.get("/stats").get("pending") == 0, "everything is indexed", timeout_s=150)
    stats = api.get("/stats")
    assert (stats["memories"], stats["conversations"], stats["failed"]) == (CHATS * TURNS, CHATS, 0)
