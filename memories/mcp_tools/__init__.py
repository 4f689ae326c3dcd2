"""The tools, resources and prompts about memories, as every transport of MCP offers them."""

from __future__ import annotations

from accounts.agents import Prompt, Resource, Tool
from memories.mcp_tools import changing, connectors, preparing, reading, resources

TOOLS: tuple[Tool, ...] = (*reading.TOOLS, *preparing.TOOLS, *changing.TOOLS, *connectors.TOOLS)
RESOURCES: tuple[Resource, ...] = resources.RESOURCES
PROMPTS: tuple[Prompt, ...] = preparing.PROMPTS
listed = resources.listed

__all__ = ["PROMPTS", "RESOURCES", "TOOLS", "listed"]
