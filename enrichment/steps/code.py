"""Code: the blocks of code in each memory, their languages, names, imports and complexity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from enrichment.code import Block, code_blocks
from enrichment.protocol import Cost, Outcome, Step, StepInput

NAME: Final = "code"


class CodeStep(Step):
    """The result is `blocks`: start, end, language, known_by, lines, identifiers, imports, functions, complexity."""

    name = NAME
    label = "Code"
    version = 1
    cost = Cost.LIGHT

    def run(self, batch: Sequence[StepInput]) -> Sequence[Outcome]:
        """Each memory by itself; most have no code, and cost a search for fences."""
        return [Outcome(_found(code_blocks(one.text))) for one in batch]


def _found(blocks: Sequence[Block]) -> dict[str, Any]:
    found = [_read(block) for block in blocks]
    known = [one for one in found if one["language"]]
    return {"blocks": known} if known else {}


def _read(block: Block) -> dict[str, Any]:
    from enrichment.code.languages import language_of
    from enrichment.code.measuring import measured

    language, known_by = language_of(block.code, block.tag)
    plain: dict[str, Any] = {"start": block.start, "end": block.end, "language": language, "known_by": known_by}
    if not language:
        return plain
    read = measured(block.code, language)
    functions = [asdict(one) for one in read.functions]
    names = {"identifiers": list(read.identifiers), "imports": list(read.imports), "functions": functions}
    return plain | names | {"lines": read.lines, "complexity": read.complexity}


STEP = CodeStep()
