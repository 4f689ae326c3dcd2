"""Curation in Django admin: every model to look at, one module a subject."""

from memories.admin import content, context, exchange, gateway, searching

__all__ = ["content", "context", "exchange", "gateway", "searching"]
