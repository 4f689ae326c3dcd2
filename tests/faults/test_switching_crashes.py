"""kill -9 of the workers while another embedding model is being built: it goes on, and the switch happens once."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from memories.tests.embedding_server import EmbeddingServer
from tests.faults.conftest import ROOT, Product, until

MEMORIES = 400


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    """A slow server of a model with 64 dimensions."""
    running = EmbeddingServer(64)
    yield running
    running.close()


def call(product: Product, key: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """One request of the API; an empty dict while nobody answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{product.port}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except OSError:
        return {}


ADMIN_KEY = """
from accounts.flows.api_keys import create_api_key
from accounts.models import User
print(create_api_key(owner=User.objects.get(), name="admin", scopes=["*"])[1])
"""


def admin_key(product: Product) -> str:
    """The text of a key that may choose models."""
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "--command", ADMIN_KEY]
    done = subprocess.run(command, env=product.environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip().splitlines()[-1]


def test_a_switch_survives_kill_9_of_its_workers(product: Product, server: EmbeddingServer) -> None:
    product.start_ready()
    product.manage("ensure_owner", "--email", "ada@example.org")
    key = admin_key(product)
    memories = [{"content": f"Note {n} about topic{n % 40} and nothing else"} for n in range(MEMORIES)]
    call(product, key, "POST", "/memories/batch", {"memories": memories})
    until(lambda: call(product, key, "GET", "/stats").get("pending") == 0, "everything is indexed", timeout_s=120)
    model = {"provider": "openai", "model": "words", "endpoints": [server.url]}
    assert call(product, key, "POST", "/embedding-models", model)["dimension"] == 64
    server.delay_s = 1.0
    call(product, key, "POST", "/embedding-models/words/activate")

    def state() -> dict[str, Any]:
        return call(product, key, "GET", "/embedding-models/words")

    def done() -> int:
        return int(state().get("progress", {}).get("done", 0))

    until(lambda: 0 < done() < MEMORIES, "it is under way", timeout_s=120)
    before = done()
    worker = product.child("qcluster")
    for process in [worker, *worker.children(recursive=True)]:
        process.kill()
    server.delay_s = 0.0
    assert call(product, key, "GET", "/search?q=topic7&limit=5")["items"], "the active model serves"
    assert state()["state"] == "building" and done() >= before, "nothing that was committed is lost"
    until(lambda: state().get("state") == "active", "the switch is done", timeout_s=150)
    assert state()["progress"] == {**state()["progress"], "done": MEMORIES, "total": MEMORIES, "failed": 0}
    found = call(product, key, "GET", "/search?q=topic7&limit=5")["items"]
    assert all("topic7 " in item["memory"]["content"] for item in found) and len(found) == 5
    back = call(product, key, "POST", "/embedding-models/rollback")
    assert (back["name"], back["state"]) == ("all-MiniLM-L6-v2", "active")
