"""`memcli mcp` as an assistant starts it: a real process, the official client at its pipes, a real server behind it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from pytest_django.live_server_helper import LiveServer

from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = [sys.executable, "-m", "memcli", "mcp"]
AWAY = "http://127.0.0.1:9"
AT_ONCE = 24


@pytest.fixture
def environment(tmp_path: Path, live_server: LiveServer, owner: User, api_key: Callable[..., str]) -> dict[str, str]:
    """Of a program that may read and write the owner's memories."""
    return {
        "PATH": os.environ["PATH"],
        "MEMCLI_CONFIG_DIR": str(tmp_path / "config"),
        "MEMCLI_SERVER": live_server.url,
        "MEMCLI_API_KEY": api_key(owner),
    }


def client(environment: dict[str, str], mode: str = "auto") -> Client:
    """The official client, which starts the program itself."""
    return Client(StdioServerParameters(command=PROGRAM[0], args=PROGRAM[1:], env=environment), mode=mode)


def started(environment: dict[str, str]) -> subprocess.Popen[str]:
    """The program with its three ends in our hands."""
    pipe = subprocess.PIPE
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what runs in a shell's background
    try:
        return subprocess.Popen(PROGRAM, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    finally:
        signal.signal(signal.SIGINT, kept)


def exchanged(environment: dict[str, str], *lines: str) -> tuple[int, list[Any], str]:
    """The exit code, each line of standard output as JSON, and standard error."""
    with started(environment) as process:
        out, err = process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def asking(number: int, method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def test_the_official_client_works_through_it_in_both_ways_of_speaking(environment: dict[str, str]) -> None:
    """The handshake of earlier revisions, and the one of 2026 that has none."""

    async def talk() -> None:
        async with client(environment, "legacy") as c:
            assert c.protocol_version < "2026" and "add_memory" in (c.instructions or "")
            added = await c.call_tool("add_memory", {"text": "Ada's allergy is hazelnuts — Nüsse.\u2028 Truly."})
            assert added.structured_content["items"][0]["created"] is True
        async with client(environment) as c:
            assert c.protocol_version >= "2026"
            assert {"search", "fetch", "get_context"} <= {tool.name for tool in (await c.list_tools()).tools}
            (found,) = (await c.call_tool("get_memories", {})).structured_content["items"]
            assert found["text"] == "Ada's allergy is hazelnuts — Nüsse.\u2028 Truly."
            assert "1 memories" in str((await c.read_resource("memshadow://profile")).contents)
            made = await c.get_prompt("with_my_memories", {"question": "What must Ada avoid?"})
            assert "hazelnuts" in str(made.messages)
            refused = await c.call_tool("get_memory", {"memory_id": "00000000-0000-7000-8000-000000000000"})
            assert refused.is_error and "not-found" in str(refused.content)
            async with anyio.create_task_group() as group:
                for _ in range(AT_ONCE):
                    group.start_soon(c.call_tool, "get_memories", {})

    anyio.run(talk)


def test_standard_output_holds_answers_alone_whatever_comes_in(environment: dict[str, str]) -> None:
    note = '{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    odd = asking(9, "tools/call", name="na\u00efve\nName", _meta={"io.modelcontextprotocol/protocolVersion": 7})
    lines = [asking(1, "tools/list"), "", "no json", "[]", "7", note, asking(2, "tools/destroy"), odd, "{}"]
    code, answers, err = exchanged(environment, *lines)
    assert code == 0 and err == ""
    by_id = {answer["id"]: answer for answer in answers if answer["id"] is not None}
    assert "tools" in by_id[1]["result"] and by_id[2]["error"]["code"] == -32601 and "error" in by_id[9]
    codes = sorted(answer["error"]["code"] for answer in answers if answer["id"] is None)
    assert codes == [-32700, -32602, -32600, -32600]  # the second is the server's, about {}


def test_a_server_that_is_away_is_told_in_words_and_found_again(environment: dict[str, str]) -> None:
    lines = [asking(1, "initialize"), asking(2, "tools/list"), '{"jsonrpc": "2.0", "method": "notifications/x"}']
    code, answers, err = exchanged({**environment, "MEMCLI_SERVER": AWAY}, *lines)
    assert code == 0 and sorted(answer["id"] for answer in answers) == [1, 2]
    assert all("Is the server running?" in answer["error"]["message"] for answer in answers)
    assert err.count("does not answer") == 1

    async def talk() -> None:
        with pytest.raises(BaseExceptionGroup) as caught:
            async with client({**environment, "MEMCLI_SERVER": AWAY}):
                pass
        assert caught.group_contains(MCPError, match="Is the server running")

    anyio.run(talk)


def test_a_revoked_key_is_told_and_the_program_goes_on(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stdin is not None and process.stdout is not None

        def ask(number: int) -> Any:
            process.stdin.write(asking(number, "tools/list") + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return json.loads(process.stdout.readline())  # type: ignore[union-attr]

        assert "result" in ask(1)
        ApiKey.objects.all().delete()
        refused = ask(2)
        assert refused["id"] == 2 and "key" in refused["error"]["message"].lower()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out == "" and refused["error"]["message"] in err


def test_without_a_sign_in_it_says_so_and_ends(environment: dict[str, str]) -> None:
    code, answers, err = exchanged({**environment, "MEMCLI_API_KEY": ""}, asking(1, "tools/list"))
    assert (code, answers) == (3, []) and "memcli login" in err


def test_ctrl_c_ends_it_while_it_waits(environment: dict[str, str]) -> None:
    with started(environment) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(asking(1, "ping") + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1  # it runs
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == "" and err.strip() == "Stopped."
