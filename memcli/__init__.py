"""The command line of MEMSHADOW: HTTP to a server, and sealing with a key that the server never has."""

__version__ = "0.1.0"
