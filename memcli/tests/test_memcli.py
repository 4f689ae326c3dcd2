"""The commands as a person runs them: real processes against a live server, whose database never holds the text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from oauth2_provider.models import AccessToken, Application
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from memcli.sealing import texts
from memcli.sealing.keyfile import KeyFile
from memcli.tests.running import PASSPHRASE, Cli, work_factor
from memories import generations
from memories.models import Memory, SealedVectors
from memories.tests.test_planted_words import dump
from memshadow.lib.clock import now

pytestmark = pytest.mark.django_db(transaction=True)

SCRYPT_LOG_N_LEAST = 15  # age works for about a second on the machine that seals
SECRET = "quokka-rendezvous: the shed key is under the blue flowerpot"


@pytest.fixture
def cli(tmp_path: Path, live_server: LiveServer) -> Cli:
    return Cli(tmp_path / "config", live_server.url)


def test_a_sealed_memory_from_end_to_end(
    cli: Cli, owner: User, api_key: Callable[..., str], index_all: Callable[[], int], tmp_path: Path
) -> None:
    cli.run("list", code=3)
    cli.run("login", "http://memory.example.org", "--api-key", given="x\n", code=1)
    assert "not encrypted" in cli.said
    assert owner.email in cli.run("login", "--api-key", given=f"{api_key(owner)}\n")
    credentials = tmp_path / "config" / "credentials.json"
    assert credentials.stat().st_mode & 0o777 == 0o600
    cli.run("add", "--sealed", SECRET, code=6)
    assert "seal keygen" in cli.said and not Memory.objects.exists()
    assert "age1pq1" in cli.run("seal", "keygen")
    assert work_factor(cli.folder / "key.age") >= SCRYPT_LOG_N_LEAST
    (identity,) = KeyFile(cli.folder / "key.age").identities(PASSPHRASE)
    assert texts.recipient_of(identity) in cli.run("seal", "show")
    cli.run("seal", "keygen", code=1)
    cli.give_key()  # in its place
    made = cli.process("add", "--sealed", "-", given=SECRET.encode()).decode().strip()
    cli.run("add", "The garden shed was painted", "--tag", "garden")
    index_all()

    found = cli.json("search", "--sealed", "where do I find the key of the shed?")
    assert found[0]["memory"]["id"] == made and found[0]["memory"]["content"] == SECRET
    assert [hit["memory"]["sealed"] for hit in found] == [True, False]
    closed = cli.run("list", MEMCLI_PASSPHRASE="another passphrase")
    assert "(sealed)" in closed and "garden shed" in closed and "does not open" in cli.said
    elsewhere = str(tmp_path / "elsewhere.age")
    cli.run("get", made, MEMCLI_KEY_FILE=elsewhere, code=6)
    assert "not here" in cli.said and SECRET not in cli.said

    memory = Memory.objects.get(id=made)
    assert memory.is_sealed and memory.content == "" and "BEGIN AGE" in memory.ciphertext
    rows = dump()
    assert not [word for word in ("quokka", "flowerpot", "AGE ENCRYPTED") if word in rows]
    logs = [path.read_bytes() for path in Path(settings.DATA_DIR).rglob("*.log")]
    assert not [log for log in logs if b"flowerpot" in log]

    SealedVectors.objects.all().delete()
    assert cli.json("status")["sealed"]["without_vectors"] == 1
    assert cli.json("seal", "refresh") == {"refreshed": 1, "not_opened": 0}
    other = tmp_path / "vectors.json"
    other.write_text(json.dumps({"embedding_model": "another", "vectors": [[0.1] * 384]}))
    cli.run("add", "--sealed", "text", "--embedding", str(other), code=1)
    assert generations.active().name in cli.said and Memory.objects.count() == 2
    cli.run("delete", made)
    cli.run("get", "00000000-0000-7000-8000-000000000000", code=4)
    cli.run("status", MEMCLI_SERVER="http://127.0.0.1:9", MEMCLI_API_KEY="x", code=5)


def login_in_browser(cli: Cli, browser: Client) -> str:
    """The device grant: the command waits while a person confirms its code."""
    with subprocess.Popen(
        [sys.executable, "-m", "memcli", "login"],
        env=cli.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as waiting:  # fmt: skip
        try:
            assert waiting.stderr is not None
            code = re.search(r"code=([\w-]+)", waiting.stderr.readline())
            assert code is not None
            scopes = ["memories:read", "memories:write", "memories:delete"]
            answer = browser.post("/account/device/", {"code": code[1], "scopes": scopes, "answer": "approve"})
            assert answer.status_code == 302, answer.content
            out, err = waiting.communicate(timeout=60)
        finally:
            waiting.kill()
    assert waiting.returncode == 0, err
    return out


def test_signing_in_by_a_code_and_renewing_without_a_word(
    cli: Cli, owner: User, client_for: Callable[[User], Client], settings: Any
) -> None:
    settings.OAUTH_DEVICE_INTERVAL_S = 1
    # A test with real transactions before this one has emptied every table, this row of a migration's too.
    known = {"name": "memcli", "client_type": "public", "authorization_grant_type": "authorization-code"}
    Application.objects.get_or_create(
        client_id="memcli", defaults=known | {"registration_source": "manual", "redirect_uris": "http://127.0.0.1/"}
    )
    assert owner.email in login_in_browser(cli, client_for(owner))
    assert cli.json("whoami")["email"] == owner.email
    AccessToken.objects.update(expires=now() - timedelta(minutes=1))
    assert cli.json("whoami")["scopes"] == ["memories:delete", "memories:read", "memories:write"]
    cli.run("logout")
    cli.run("whoami", code=3)
    assert "not signed in" in cli.said
