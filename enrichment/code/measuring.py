"""What code defines and imports, and how branched each of its functions is (cyclomatic complexity, T. McCabe, 1976)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pygments.token import Comment, Name, String, _TokenType

from enrichment.code.languages import lexer_for

NAMES_MAX: Final = 60
_Pairs = list[tuple[_TokenType, str]]
# The ending by which lizard knows a language, by Pygments' name.
_ENDINGS: Final = {
    "c": "c",
    "cpp": "cpp",
    "java": "java",
    "csharp": "cs",
    "javascript": "js",
    "typescript": "ts",
    "jsx": "jsx",
    "tsx": "tsx",
    "python": "py",
    "objective-c": "m",
    "ruby": "rb",
    "php": "php",
    "swift": "swift",
    "scala": "scala",
    "go": "go",
    "lua": "lua",
    "rust": "rs",
    "fortran": "f90",
    "kotlin": "kt",
    "solidity": "sol",
    "erlang": "erl",
    "zig": "zig",
    "perl": "pl",
    "splus": "r",
    "vue": "vue",
    "bash": "sh",
}
# What names a module, in the languages that name them in a statement of its own.
_IMPORTS: Final = {
    "python": r"^\s*(?:from\s+(?P<a>[\w.]+)\s+import\b|import\s+(?P<b>[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w. ]+)*))",
    "javascript": r"(?:\bfrom\s*|^\s*import\s*|\brequire\s*\(\s*|\bimport\s*\(\s*)[\"'](?P<a>[^\"'\n]+)[\"']",
    "java": r"^\s*import\s+(?:static\s+)?(?P<a>[\w.]+(?:\.\*)?)\s*;?",
    "go": r"^\s*(?:import\s+)?(?:[\w.]+\s+)?\"(?P<a>[\w./\-]+)\"\s*$",
    "rust": r"^\s*(?:pub\s+)?use\s+(?P<a>[\w:]+)",
    "c": r"^\s*#\s*include\s*[<\"](?P<a>[^>\"\n]+)[>\"]",
    "csharp": r"^\s*using\s+(?:static\s+)?(?P<a>[\w.]+)\s*;",
    "ruby": r"^\s*require(?:_relative)?\s+[\"'](?P<a>[^\"'\n]+)[\"']",
    "php": r"^\s*use\s+(?P<a>[\w\\]+)",
    "swift": r"^\s*import\s+(?P<a>\w+)",
    "perl": r"^\s*use\s+(?P<a>[A-Z][\w:]*)",
    "lua": r"\brequire\s*\(?\s*[\"'](?P<a>[^\"'\n]+)[\"']",
    "splus": r"^\s*(?:library|require)\s*\(\s*[\"']?(?P<a>[\w.]+)",
    "haskell": r"^\s*import\s+(?:qualified\s+)?(?P<a>[\w.]+)",
}
_LIKE: Final = {
    **dict.fromkeys(("typescript", "jsx", "tsx", "vue"), "javascript"),
    **dict.fromkeys(("cpp", "objective-c"), "c"),
    **dict.fromkeys(("kotlin", "scala"), "java"),
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function, the lines that it stands on within its block (from 1), and its number of independent paths."""

    name: str
    complexity: int
    first_line: int
    last_line: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one block of code. Without `functions` there are none, or the language is not measured."""

    lines: int
    identifiers: tuple[str, ...]
    imports: tuple[str, ...]
    functions: tuple[Function, ...]

    @property
    def complexity(self) -> int:
        """That of the most branched function; 0 without one."""
        return max((one.complexity for one in self.functions), default=0)


def measured(code: str, language: str) -> Measured:
    """Read a block of code in a language that Pygments knows."""
    pairs = _pairs(code, language)
    return Measured(
        lines=_lines(pairs) if pairs else sum(bool(line.strip()) for line in code.splitlines()),
        identifiers=tuple(_identifiers(pairs)),
        imports=tuple(_imports(code, language)),
        functions=tuple(_functions(code, language)),
    )


def _pairs(code: str, language: str) -> _Pairs:
    lexer = lexer_for(language)
    return list(lexer.get_tokens(code)) if lexer is not None else []


def _lines(pairs: _Pairs) -> int:
    """Lines with more than a comment on them."""
    full, line = set(), 0
    for kind, value in pairs:
        for number, piece in enumerate(value.split("\n")):
            if (piece.strip() and kind not in Comment) or (kind in Comment.Preproc and piece.strip()):
                full.add(line + number)
        line += value.count("\n")
    return len(full)


def _identifiers(pairs: _Pairs) -> Iterator[str]:
    """Names that the code defines first, then those that it uses, each once."""
    named = [
        (kind, value) for kind, value in pairs if kind in Name and kind not in Name.Builtin and value.isidentifier()
    ]
    defined = [value for kind, value in named if kind in Name.Class or kind in Name.Function]
    used = [value for kind, value in named if kind not in Name.Namespace and len(value) > 1]
    yield from list(dict.fromkeys([*defined, *used]))[:NAMES_MAX]


def _imports(code: str, language: str) -> list[str]:
    pattern = _IMPORTS.get(_LIKE.get(language, language))
    if pattern is None:
        return []
    found: dict[str, None] = {}
    for match in re.finditer(pattern, _without_comments(code, language), re.MULTILINE):
        groups = match.groupdict()
        for part in (groups["a"] or groups.get("b") or "").split(","):
            if name := part.split(" as ")[0].strip():
                found[name] = None
    return list(found)[:NAMES_MAX]


def _without_comments(code: str, language: str) -> str:
    """The code with its comments blanked and, in Python, its longer texts too, which may quote imports."""
    pairs = _pairs(code, language)
    blanked = (Comment, String.Doc) if language == "python" else (Comment,)
    kept = (
        "\n" * value.count("\n")
        if any(kind in one for one in blanked) and kind not in Comment.Preproc and kind not in Comment.PreprocFile
        else value
        for kind, value in pairs
    )
    return "".join(kept) or code


def _functions(code: str, language: str) -> Iterator[Function]:
    ending = _ENDINGS.get(language)
    if ending is None:
        return
    # Only when code is read: web processes name languages and measure nothing.
    import lizard

    for one in lizard.analyze_file.analyze_source_code(f"block.{ending}", code).function_list[:NAMES_MAX]:
        yield Function(one.name, one.cyclomatic_complexity, one.start_line, one.end_line, one.parameter_count)
