"""Changing what is there: edited in the open and sealed, sealed after the fact, and moved in and out as files."""

from __future__ import annotations

import io
import json
import shlex
import sys
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.spaces.making import create_space
from memcli.tests.running import Cli
from memories.models import Memory, MemoryRevision, SealedVectors
from memories.services.import_running import run_next_import

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cli(tmp_path: Path, live_server: LiveServer, owner: User, api_key: Callable[..., str]) -> Cli:
    made = Cli(tmp_path / "config", live_server.url)
    made.environment["MEMCLI_API_KEY"] = api_key(owner)
    return made


def editor(path: Path, code: str) -> str:
    """A program that does `code` to the text `t` of the file that it is given."""
    path.write_text(f"import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n{code}\n")
    return shlex.join([sys.executable, str(path)])


def test_edited_in_the_open_and_sealed(cli: Cli, tmp_path: Path) -> None:
    made = cli.json("add", "Ada likes green tea", "--tag", "drinks")["id"]
    assert cli.json("edit", made, "Ada likes mint tea", "--pin", "--reason", "asked her")["tags"] == ["drinks"]
    assert cli.json("edit", made, "--no-tags", "--importance", "1")["content"] == "Ada likes mint tea"
    writes = editor(tmp_path / "writes.py", "p.write_text(t.replace('mint', 'black'))")
    assert cli.run("edit", made, EDITOR=writes) == "Changed.\n"
    leaves = editor(tmp_path / "leaves.py", "p.write_text(t)")
    assert cli.run("edit", made, EDITOR=leaves) == "Nothing was changed.\n"
    cli.run("edit", made, EDITOR=shlex.quote(str(tmp_path / "no-editor")), code=1)
    assert "cannot be started" in cli.said
    cli.run("edit", made, EDITOR=editor(tmp_path / "fails.py", "sys.exit(3)"), code=1)
    cli.run("edit", made, EDITOR=editor(tmp_path / "empties.py", "p.write_text('')"), code=1)
    memory = Memory.objects.get()
    assert (memory.content, memory.pinned, memory.importance) == ("Ada likes black tea", True, 1.0)
    assert [row.snapshot["content"].split()[2] for row in memory.revisions.order_by("number")] == [
        "green", "mint", "mint",
    ]  # fmt: skip
    cli.run("edit", "00000000-0000-7000-8000-000000000000", "x", code=4)

    cli.give_key()
    sealed = cli.run("add", "--sealed", "the old plan").strip()
    before = bytes(SealedVectors.objects.get().packed)
    cli.run("edit", sealed, code=1)
    assert "disk" in cli.said
    cli.run("edit", sealed, "-", given="another plan")
    assert cli.run("unseal", sealed) == "another plan\n" and bytes(SealedVectors.objects.get().packed) != before
    assert cli.run("unseal", made) == "Ada likes black tea\n"
    cli.run("unseal", sealed, MEMCLI_PASSPHRASE="another passphrase", code=6)


def test_a_prompts_context_for_a_pipe_and_ready_to_send(cli: Cli, index_all: Callable[[], int]) -> None:
    assert cli.run("context", "What must Ada not eat?") == "" and "No memory helps" in cli.said
    used = cli.run("add", "Ada is allergic to hazelnuts").strip()
    index_all()
    assert "hazelnuts" in cli.run("context", "-", "--model", "gpt-4o", given="What must Ada not eat?")
    sent = json.loads(cli.run("context", "What must Ada not eat?", "-m", "gpt-4o", "--messages"))
    assert sent[-1]["role"] == "user" and "hazelnuts" in str(sent)
    assert [one["id"] for one in cli.json("context", "What must Ada not eat?", "--budget", "400")["used"]] == [used]
    cli.run("context", "x", "--strategy", "nonsense", code=1)
    assert "strategy" in cli.said


def test_sealed_after_the_fact(cli: Cli, index_all: Callable[[], int]) -> None:
    made = cli.run("add", "the wombat sleeps", "--tag", "zoo").strip()
    cli.run("edit", made, "the wombat sleeps under the stairs")
    index_all()
    cli.run("seal", "memory", made, "--yes", code=6)
    assert "keygen" in cli.said
    cli.give_key()
    cli.run("seal", "memory", made, code=1)
    assert "--yes" in cli.said and MemoryRevision.objects.count() == 1
    assert cli.json("seal", "memory", made, "--yes")["content"] == ""
    memory = Memory.objects.get()
    assert memory.is_sealed and not MemoryRevision.objects.exists() and memory.tags.get().name == "zoo"
    assert cli.run("unseal", made) == "the wombat sleeps under the stairs\n"
    assert cli.json("search", "--sealed", "where is the animal at night?")[0]["memory"]["id"] == made
    cli.run("seal", "memory", made, "--yes", code=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "no text"),
        (b" \n", "no text"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\x00", "no text in UTF-8"),
        (b"x" * (8 * 1024**2 + 1), "more than a memory holds"),
        (b"y" * (1024**2 + 1), "1024 KiB"),
    ],
)
def test_what_is_no_memory_is_refused_in_words(cli: Cli, given: bytes, said: str) -> None:
    cli.process("add", given=given, code=1)
    assert said in cli.said and "Traceback" not in cli.said and not Memory.objects.exists()


def test_what_cannot_be_reached_or_read_is_told_by_its_code(cli: Cli, tmp_path: Path) -> None:
    cli.run("list", MEMCLI_API_KEY="msh_wrong", code=3)
    cli.run("list", MEMCLI_API_KEY="msh_\udcff", code=3)
    for address in ("http://[bad", "ftp://x", "http://", "http://x:99999"):
        cli.run("list", "--server", address, code=1)
    cli.run("list", "--server", "http://127.0.0.1:9", code=5)
    cli.run("list", "--json", MEMCLI_API_KEY="msh_wrong", code=3)
    assert json.loads(cli.said)["exit_code"] == 3
    cli.run("import", str(tmp_path / "nowhere.zip"), code=1)
    cli.run("list", "--limit", "0", code=2)


def test_a_file_goes_in_and_comes_out(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "notes.zip"
    with zipfile.ZipFile(archive, "w") as notes:
        notes.writestr("tea.md", "# Tea\n\nAda likes green tea.")
        notes.writestr("cake.md", "# Cake\n\nNo hazelnuts.")
    queued = cli.json("import", str(archive), "--no-wait")
    assert queued["state"] == "queued" and not Memory.objects.exists()
    monkeypatch.setattr("memcli.moving.time.sleep", lambda seconds: run_next_import())  # the worker's part
    done = cli.run("import", str(archive))
    assert "done" in done and Memory.objects.count() == 2
    again = cli.json("import", "-", given=_bytes(archive.read_bytes()))
    assert (again["counts"]["imported"], again["filename"]) == (0, "standard input")
    assert "nothing was stored" in cli.run("import", str(archive), "--dry-run")

    target = tmp_path / "all.jsonl"
    cli.run("export", str(target))
    assert target.stat().st_mode & 0o777 == 0o600 and "hazelnuts" in target.read_text()
    cli.run("export", str(target), code=1)
    assert "--overwrite" in cli.said
    assert cli.process("export", "-", "--format", "csv").splitlines()[0].count(b'"content"') == 1
    cli.run("export", str(tmp_path / "no folder" / "x"), code=1)
    cli.run("export", "--format", "pdf", code=1)
    assert [path.name for path in tmp_path.glob(".all*")] == []


class Breaking(BaseHTTPRequestHandler):
    """A server that dies in the middle of an export."""

    def do_GET(self) -> None:
        body = b"{}" if self.path.endswith("/me") else b"the first part"
        self.send_response(200)
        self.send_header("Content-Length", "2" if self.path.endswith("/me") else "1000")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def test_an_export_that_breaks_off_leaves_no_file(cli: Cli, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Breaking) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        cli.run("export", str(tmp_path / "x.jsonl"), "--server", address, code=5)
        server.shutdown()
    assert "broke off" in cli.said and not list(tmp_path.glob("*x.jsonl*"))


def _bytes(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content))


def test_a_space_is_named_before_the_command(cli: Cli, owner: User) -> None:
    space = create_space(by=owner, name="Family").space
    made = cli.json("--space", "Family", "add", "The aunt is allergic to wasps.")
    kept = Memory.objects.get(id=made["id"])
    assert (kept.owner, kept.captured_by) == (space.owner, owner)
    assert cli.json("list") == []
    assert [memory["captured_by_id"] for memory in cli.json("list", MEMCLI_SPACE=str(space.id))] == [str(owner.id)]
    cli.run("--space", "Work", "list", code=4)
    assert "You are in no space 'Work'" in cli.said
    create_space(by=owner, name="Family")
    cli.run("--space", "Family", "list", code=1)
    assert "give its id" in cli.said
