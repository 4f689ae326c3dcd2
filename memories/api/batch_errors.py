"""Errors of one item of a batch, told under that item's place in the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from memshadow.lib.errors import MemshadowError


@contextmanager
def numbered(name: str) -> Iterator[None]:
    """Turn the field `content` of item 3 into `<name>.3.content`."""
    try:
        yield
    except MemshadowError as error:
        if "index" in error.details and "field" in error.details:
            error.details["field"] = f"{name}.{error.details['index']}.{error.details['field']}"
        raise
