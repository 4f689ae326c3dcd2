"""The code in a memory."""

from __future__ import annotations

from typing import Any, Literal, Self
from uuid import UUID

from ninja import Router
from pydantic import BaseModel, Field

from accounts.scopes import ApiRequest, scope
from enrichment.code import label
from enrichment.selectors import code_of
from memories.access import memory_or_404

router = Router(tags=["Code"])


class FunctionOut(BaseModel):
    """A function, with the lines of its block on which it stands, from 1."""

    name: str
    complexity: int = Field(description="Its independent paths (cyclomatic complexity).")
    first_line: int
    last_line: int
    parameters: int


class CodeBlockOut(BaseModel):
    """A block of code; `start` and `end` are its place in the text, in characters."""

    start: int
    end: int
    language: str = Field(description="The name by which Pygments knows it.")
    label: str
    known_by: Literal["said", "seen"] = Field(description="said: the fence names it; seen: it was recognised.")
    lines: int = Field(description="Lines with more than a comment.")
    identifiers: list[str]
    imports: list[str]
    functions: list[FunctionOut]
    complexity: int = Field(description="That of the most branched function; 0 without one.")

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        """From the step's result."""
        return cls(**found, label=label(found["language"]))


class CodeOut(BaseModel):
    """The blocks of code in a memory, in order; empty without code, and while it is not read."""

    items: list[CodeBlockOut]


@router.get("/memories/{uuid:memory_id}/code", auth=scope("memories:read"), response=CodeOut)
def list_code(request: ApiRequest, memory_id: UUID) -> CodeOut:
    """List the code in a memory: languages, names, imports and complexity."""
    owner = request.auth.owner
    return CodeOut(items=[CodeBlockOut.of(one) for one in code_of(owner, memory_or_404(owner, memory_id))])
