"""MCP on standard input and output, carried to the server's /mcp, for a client that starts a program itself.

Each line is one JSON-RPC message and one POST: the server keeps no session, so that nothing has to be kept here but
the protocol's version. Standard output holds messages alone; what a person should know goes to standard error.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Semaphore, Thread
from typing import Any, BinaryIO

from memcli.client import Server, answer_of, error_of
from memcli.errors import CliError

_AT_ONCE = 16
_PARSE_ERROR, _INVALID, _FAILED = -32700, -32600, -32603
# The revision of 2026-07-28 wants what routes a request in headers too.
_META_VERSION = "io.modelcontextprotocol/protocolVersion"
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_PLAIN = re.compile(r"(?!\s|=\?base64\?)[\x20-\x7e]*(?<!\s)")


class Bridge:
    """Carries messages until the input ends."""

    def __init__(self, server: Server, reading: BinaryIO, writing: BinaryIO, tell: Callable[[str], None]) -> None:
        """`writing` is unbuffered; `tell` takes what goes wrong, for a person."""
        self._server, self._reading, self._writing, self._tell = server, reading, writing, tell
        self._one_writes, self._free = Lock(), Semaphore(_AT_ONCE)
        self._version = ""
        self._trouble = ""

    def run(self) -> None:
        """Answer each message in a thread of its own, so that a slow one keeps no other waiting; then wait for all."""
        while line := self._reading.readline():
            if line.strip():
                self._free.acquire()
                Thread(target=self._take, args=(line.strip(),), daemon=True).start()
        for _ in range(_AT_ONCE):
            self._free.acquire()

    def _take(self, line: bytes) -> None:
        try:
            answer = self._answer(line)
            if answer:
                self._write(answer)
        finally:
            self._free.release()

    def _answer(self, line: bytes) -> bytes:
        """The line that answers this one; empty for what needs no answer."""
        try:
            message = json.loads(line)
        except ValueError:
            return _failure(None, _PARSE_ERROR, "This line is no JSON.")
        if not isinstance(message, dict):
            return _failure(None, _INVALID, "One line is one JSON-RPC message.")
        try:
            answer = self._carried(line, message)
        except CliError as error:
            self._note(str(error))
            return _failure(message["id"], _FAILED, str(error)) if _wants_answer(message) else b""
        self._trouble = ""
        return answer

    def _carried(self, line: bytes, message: dict[str, Any]) -> bytes:
        """What the server says. Raises CliError when it is away, lets nobody in or says nothing of the protocol."""
        response = self._server.sent("POST", "/mcp", content=line, headers=self._headers(message))
        if response.is_success and not response.content:
            return b""
        answer = answer_of(response)
        if not (isinstance(answer, dict) and "jsonrpc" in answer):
            raise error_of(response, answer)
        if message.get("method") == "initialize":
            self._version = str((answer.get("result") or {}).get("protocolVersion", ""))
        return response.content.replace(b"\n", b" ").replace(b"\r", b" ")  # between JSON's marks, never in a text

    def _headers(self, message: dict[str, Any]) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        method, params = message.get("method"), message.get("params")
        params = params if isinstance(params, dict) else {}
        meta = params.get("_meta")
        stated = meta.get(_META_VERSION) if isinstance(meta, dict) else None
        version = stated if isinstance(stated, str) else "" if method == "initialize" else self._version
        routing = {
            "MCP-Protocol-Version": version,
            "Mcp-Method": method if stated else "",
            "Mcp-Name": params.get(_NAMED_BY.get(str(method), "")) if stated else "",
        }
        return headers | {name: _header(text) for name, text in routing.items() if isinstance(text, str) and text}

    def _note(self, trouble: str) -> None:
        """Once for as long as it lasts."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(trouble)

    def _write(self, line: bytes) -> None:
        """One whole line; nobody may be there to read it any more."""
        rest = memoryview(line + b"\n")
        with self._one_writes, suppress(OSError):
            while rest:
                rest = rest[self._writing.write(rest) :]


def _wants_answer(message: dict[str, Any]) -> bool:
    return "method" in message and message.get("id") is not None


def _failure(request: Any, code: int, message: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request, "error": {"code": code, "message": message}}).encode()


def _header(text: str) -> str:
    """A text as the protocol puts it into a header: as it is, or in base64."""
    if _PLAIN.fullmatch(text):
        return text
    return f"=?base64?{b64encode(text.encode('utf-8', 'replace')).decode()}?="
