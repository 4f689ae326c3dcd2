"""Calls of tools, resources and prompts for one caller: found, permitted, checked and run, without knowing the wire."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from accounts.agents import Caller, Listed, Prompt, Resource, Tool
from enrichment import mcp_tools as enrichment_tools
from memories import mcp_tools
from memshadow.lib.errors import MemshadowError, NotFound
from memshadow.lib.problems import in_plain_words
from memshadow.lib.request_context import current

logger = logging.getLogger(__name__)

TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in (*mcp_tools.TOOLS, *enrichment_tools.TOOLS)}
RESOURCES: tuple[Resource, ...] = mcp_tools.RESOURCES
PROMPTS: Mapping[str, Prompt] = {prompt.name: prompt for prompt in mcp_tools.PROMPTS}


class Unknown(NotFound):
    """There is no tool, resource or prompt of this name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool answers: the result as JSON, or in words why there is none."""

    structured: dict[str, Any] | None
    failure: str = ""

    def as_text(self) -> str:
        """The result as JSON text, every script as it is written."""
        return json.dumps(self.structured, ensure_ascii=False)


def permitted(caller: Caller, permission: str) -> bool:
    """Whether the caller has it."""
    try:
        caller.access.require(permission)
    except MemshadowError:
        return False
    return True


def offered(caller: Caller) -> list[Tool]:
    """The tools that this caller can call."""
    return [tool for tool in TOOLS.values() if permitted(caller, tool.permission)]


def call(caller: Caller, name: str, arguments: Mapping[str, Any]) -> Outcome:
    """Run a tool. Raises Unknown; everything else that goes wrong is told in words that a model can act upon."""
    tool = TOOLS.get(name)
    if tool is None:
        raise Unknown(f"There is no tool {name[:80]!r}.")
    try:
        caller.access.require(tool.permission)
        result = tool.run(caller, tool.takes.model_validate(dict(arguments)))
    except ValidationError as error:
        return Outcome(None, _invalid(error))
    except MemshadowError as error:
        return Outcome(None, f"{error.code}: {error.message}")
    except Exception:
        return Outcome(None, _failed(f"tool {name}"))
    return Outcome(result.model_dump(mode="json"))


def _invalid(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    told = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {in_plain_words(one)}" for one in problems[:10]]
    return "validation-failed: " + " ".join(told)


def _failed(what: str) -> str:
    """Our own failure: the traceback goes to the log, its id to the caller."""
    request_id = current().request_id
    logger.exception("MCP %s failed, request %s", what, request_id)
    where = f" under {request_id}" if request_id else ""
    return f"internal-error: The server failed; nothing more is known here. Its log explains it{where}."


def concrete_resources(caller: Caller) -> list[Listed]:
    """What can be attached as it stands: resources without a parameter, then the owner's personas and conversations."""
    fixed = [Listed(r.uri, r.name, r.title, r.about) for r in RESOURCES if "{" not in r.uri]
    return [*fixed, *mcp_tools.listed(caller)] if permitted(caller, "memories:read") else []


def templates() -> list[Resource]:
    """Resources with a parameter."""
    return [resource for resource in RESOURCES if "{" in resource.uri]


def read(caller: Caller, uri: str) -> str:
    """A resource's text. Raises Unknown, NotFound and PermissionRefused."""
    for resource in RESOURCES:
        names = _match(resource.uri, uri)
        if names is not None:
            caller.access.require(resource.permission)
            return resource.read(caller, **names)
    known = ", ".join(_uris(RESOURCES))
    raise Unknown(f"There is no resource {uri[:200]!r}; there are {known}.")


def _match(template: str, uri: str) -> dict[str, str] | None:
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, uri)
    return found.groupdict() if found else None


def _uris(resources: Iterable[Resource]) -> list[str]:
    return [resource.uri for resource in resources]


def prompt(caller: Caller, name: str, arguments: Mapping[str, str]) -> tuple[Prompt, str]:
    """A prompt and the message that it makes. Raises Unknown, ValidationFailed and PermissionRefused."""
    found = PROMPTS.get(name)
    if found is None:
        raise Unknown(f"There is no prompt {name[:80]!r}; there are {', '.join(PROMPTS)}.")
    caller.access.require(found.permission)
    return found, found.make(caller, arguments)
