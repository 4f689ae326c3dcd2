"""What a text says itself, without the memories that we put into it on its way to a model."""

from __future__ import annotations

from dataclasses import replace

from memories.drafts import MemoryDraft
from memories.injected import strip_injected
from memshadow.lib.errors import ValidationFailed


class NothingNew(ValidationFailed):
    """The text is only a block of memories that MEMSHADOW put into a prompt: they are all here already."""

    code = "nothing-new"


def own_words(draft: MemoryDraft) -> MemoryDraft:
    """The draft without our blocks. Raises NothingNew when nothing else is in it."""
    content = strip_injected(draft.content)
    if content is draft.content:
        return draft
    if not content.strip():
        raise NothingNew(str(NothingNew.__doc__), field="content")
    return replace(draft, content=content)
