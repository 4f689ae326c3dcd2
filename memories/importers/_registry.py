"""The formats that can be read, in the order in which they are tried: the most particular first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from memories.importers import (
    chatgpt,
    claude,
    claude_code,
    codex,
    deepseek,
    docx,
    gemini,
    gemini_cli,
    grok,
    html,
    jsonl,
    lechat,
    markdown,
    own_export,
    pdf,
    perplexity,
    plaintext,
    table,
)
from memories.importers._run import Run
from memories.importers._sources import Source
from memories.importers.items import Item


@dataclass(frozen=True, slots=True)
class Format:
    """`key` is stable, `label` for people; `rank` 0 are chats and our own export, 1 is the rest."""

    key: str
    label: str
    recognises: Callable[[Source], bool] = field(repr=False)
    read: Callable[[Source, Run], Iterator[Item]] = field(repr=False)
    rank: int = 0

    @property
    def source(self) -> str:
        """What memories of this format carry as their source."""
        return f"import:{self.key}"


FORMATS: tuple[Format, ...] = (
    Format("pdf", "PDF document", pdf.recognises, pdf.read, 1),
    Format("docx", "Word document", docx.recognises, docx.read, 1),
    Format("memshadow", "MEMSHADOW export", own_export.recognises, own_export.read),
    Format("deepseek", "DeepSeek export", deepseek.recognises, deepseek.read),
    Format("chatgpt", "ChatGPT export", chatgpt.recognises, chatgpt.read),
    Format("claude", "Claude export", claude.recognises, claude.read),
    Format("gemini", "Gemini (Google Takeout)", gemini.recognises, gemini.read),
    Format("grok", "Grok export", grok.recognises, grok.read),
    Format("perplexity", "Perplexity export", perplexity.recognises, perplexity.read),
    Format("gemini-cli", "Gemini CLI sessions", gemini_cli.recognises, gemini_cli.read),
    Format("claude-code", "Claude Code sessions", claude_code.recognises, claude_code.read),
    Format("codex", "Codex sessions", codex.recognises, codex.read),
    Format("lechat", "Le Chat export", lechat.recognises, lechat.read),
    Format("jsonl", "JSON lines of messages", jsonl.recognises, jsonl.read),
    Format("html", "Web page", html.recognises, html.read, 1),
    Format("markdown", "Markdown notes", markdown.recognises, markdown.read, 1),
    Format("csv", "CSV table", table.recognises, table.read, 1),
    Format("text", "Plain text", plaintext.recognises, plaintext.read, 1),
)


def format_of(source: Source) -> Format | None:
    """The first format that recognises the content. JSON that is no chat is not imported as text."""
    for candidate in FORMATS:
        if candidate.recognises(source):
            if candidate.rank and source.outline.kind and source.extension in ("json", "jsonl", "ndjson", ""):
                return None
            return candidate
    return None
