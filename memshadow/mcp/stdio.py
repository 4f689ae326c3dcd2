"""MCP on standard input and output, for a client that starts this server itself."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from django.db import close_old_connections
from mcp.server.stdio import stdio_server

from accounts.agents import Caller
from memshadow.mcp.server import server_for


def serve(caller: Caller) -> None:
    """Answer until standard input ends. A connection that the database dropped meanwhile is made again."""
    async_to_sync(_served)(caller)


async def _served(caller: Caller) -> None:
    server = server_for(caller, before=close_old_connections)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
