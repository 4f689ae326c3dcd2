"""The Model Context Protocol: the endpoint at /mcp and the same on standard input and output.

The official SDK (package `mcp`) negotiates protocol versions and speaks the wire. Loading it takes a second and 20 MB:
web processes do so after their start (memshadow/supervisor/web_server.py), commands and workers do without. What is
offered stands with the apps (`<app>/mcp_tools`).
"""
