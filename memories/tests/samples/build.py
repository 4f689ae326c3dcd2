"""Small archives of every shape: `python -m memories.tests.samples.build FOLDER` writes them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from memories.tests.samples import chatgpt, claude, documents, google, others
from memories.tests.samples.archives import dumps, lines, zipped


@dataclass(frozen=True)
class Sample:
    """A file, the format it is recognised as, and how many conversations, documents, records are in it."""

    name: str
    make: Callable[[], bytes]
    format: str
    conversations: int = 0
    documents: int = 0
    records: int = 0


def _both() -> bytes:
    """Two exports and a note in one zip."""
    return zipped(
        {
            "openai/conversations.json": dumps([chatgpt.simple("plain")]),
            "anthropic/conversations.json": dumps([claude.simple("plain")]),
            "notes/bees.md": b"# Bees\n\nThey fly.\n",
        }
    )


def _nested() -> bytes:
    """A zip of zips, as Takeout's parts are often kept."""
    deeper = zipped({"inner.zip": zipped({"conversations.json": dumps([chatgpt.simple("too-deep")])})})
    return zipped({"takeout-001.zip": google.takeout(), "deeper.zip": deeper})


SAMPLES = (
    Sample("chatgpt.zip", chatgpt.export, "chatgpt", conversations=6, documents=2),
    Sample("chatgpt-shards.zip", chatgpt.shards, "chatgpt", conversations=60),
    Sample("chatgpt.json", lambda: dumps([chatgpt.simple("a"), chatgpt.simple("b")]), "chatgpt", conversations=2),
    Sample(
        "chatgpt-wrapper.json",
        lambda: dumps({"version": 2, "conversations": [chatgpt.simple("a")]}),
        "chatgpt",
        1,
    ),
    Sample("chatgpt-single.json", lambda: dumps(chatgpt.simple("a")), "chatgpt", 1),
    Sample("chatgpt-lines.jsonl", lambda: lines(chatgpt.simple("a"), chatgpt.simple("b")), "chatgpt", 2),
    Sample("claude.zip", claude.export, "claude", conversations=3, documents=4),
    Sample("claude-indexed.zip", claude.indexed, "claude", conversations=2),
    Sample("claude-memories.json", lambda: dumps(claude.memories()), "claude", documents=2),
    Sample("takeout.zip", google.takeout, "gemini", conversations=3),
    Sample("MyActivity.json", lambda: dumps(google.activity()), "gemini", conversations=2),
    Sample("MyActivity.html", google.activity_page, "gemini", conversations=1),
    Sample("conversation_1.txt", lambda: dumps(google.workspace()), "gemini", conversations=1),
    Sample("haiku", lambda: dumps(google.studio()), "gemini", conversations=1),
    Sample("prod-grok-backend.json", lambda: dumps(others.grok()), "grok", conversations=2),
    Sample("deepseek.json", lambda: dumps(others.deepseek()), "deepseek", conversations=1),
    Sample("perplexity.json", lambda: dumps(others.perplexity()), "perplexity", conversations=1),
    Sample("lechat.zip", others.lechat, "lechat", conversations=2),
    Sample("claude-code.jsonl", others.claude_code, "claude-code", conversations=1),
    Sample("rollout.jsonl", others.codex, "codex", conversations=1),
    Sample("rollout-old.jsonl", others.codex_old, "codex", conversations=1),
    Sample("session.json", lambda: dumps(others.gemini_cli()), "gemini-cli", conversations=1),
    Sample("session.jsonl", others.gemini_cli_lines, "gemini-cli", conversations=1),
    Sample("logs.json", lambda: dumps(others.gemini_cli_log()), "gemini-cli", conversations=1),
    Sample("messages.jsonl", documents.messages, "jsonl", conversations=3),
    Sample("vault.zip", documents.vault, "markdown", documents=3),
    Sample("note.md", documents.NOTE.encode, "markdown", documents=1),
    Sample("plain.txt", lambda: b"Bees fly by day.\n", "text", documents=1),
    Sample("paper.pdf", lambda: documents.pdf("First page", "", "Third page"), "pdf", documents=1),
    Sample("letter.docx", documents.word, "docx", documents=1),
    Sample("page.html", documents.PAGE.encode, "html", documents=1),
    Sample("table.csv", documents.TABLE.encode, "csv", documents=2),
    Sample("memshadow.jsonl", others.own_export, "memshadow", records=7),
    Sample("two-exports.zip", _both, "claude", conversations=2, documents=1),
    Sample("zip-of-zips.zip", _nested, "gemini", conversations=3),
)


def write_all(folder: Path) -> list[Path]:
    """Writes every sample into `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        (folder / sample.name).write_bytes(sample.make())
    return [folder / sample.name for sample in SAMPLES]


if __name__ == "__main__":
    sys.stdout.write("\n".join(str(path) for path in write_all(Path(sys.argv[1]))) + "\n")
