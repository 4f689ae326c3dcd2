"""Servers of language models for tests: they speak the vendors' wire formats and remember what they were asked."""

from tests.model_servers.server import ModelServer, Seen

__all__ = ["ModelServer", "Seen"]
