"""docs/mcp.md: each tool with its scope, and settings that can be pasted as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.conf import settings

from accounts.permissions import PERMISSIONS
from memshadow.mcp.calling import PROMPTS, RESOURCES, TOOLS

TEXT = (Path(settings.BASE_DIR) / "docs/mcp.md").read_text(encoding="utf-8")


def test_every_tool_stands_in_the_table_with_its_scope() -> None:
    rows = re.findall(r"^\| (`.+?`) \| `([\w:]+)` \|", TEXT, re.MULTILINE)
    told = {name: scope for names, scope in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == {name: PERMISSIONS[tool.permission].scope for name, tool in TOOLS.items()}
    for resource in RESOURCES:
        assert re.sub(r"\{\w+\}", "{id}", resource.uri) in TEXT
    for prompt in PROMPTS.values():
        assert f"*{prompt.title}*" in TEXT


def test_settings_are_valid_json_and_name_our_address() -> None:
    found = [json.loads(block) for block in re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL)]
    assert len(found) == 4
    for one in found:
        (server,) = next(iter(one.values())).values()
        assert server.get("url", "").endswith("/mcp") or server["args"][-1] == "mcp"
