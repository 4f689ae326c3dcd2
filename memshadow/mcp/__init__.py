"""The Model Context Protocol: the endpoint at /mcp and the same on standard input and output.

The official SDK (package `mcp`) negotiates protocol versions and speaks the wire; it is loaded with the first request,
for it takes a second and 40 MB. What is offered stands with the apps (`<app>/mcp_tools`).
"""
