"""Notes and documents: Markdown, Obsidian, text, PDF, Word, HTML, CSV and JSON lines."""

from __future__ import annotations

import io

import docx
from fpdf import FPDF

from memories.tests.samples.archives import lines, zipped

NOTE = """---
title: Bee notes
date: 2026-05-06
tags: [insects, garden]
author: Ann
---
# Ignored heading

Bees like #clover and [[Lime tree|limes]], see [[Hives#Winter]].

```python
# comment, not a #tag nor a [[link]]
```
"""
PAGE = """<!DOCTYPE html><html><head><title>Bee page</title><style>b{}</style>
<meta property="article:published_time" content="2026-05-06T07:08:09Z"></head>
<body><script>secret()</script><h1>Bees</h1><p>They <b>fly</b>.</p>
<ol><li>dance</li><li>hum</li></ol><pre>x = 1
y = 2</pre><table><tr><th>a</th><td>1</td></tr></table></body></html>"""
TABLE = 'id,Title,content,date,tags,colour\n1,Bees,They fly,2026-05-06,"a, b",yellow\n2,Ants,They walk,,,\n'
PLAIN_TABLE = "Fruit;Price\nApple;3\nPear;\n"


def vault() -> bytes:
    """An Obsidian vault."""
    return zipped(
        {
            "Vault/.obsidian/app.json": b"{}",
            "Vault/Bees.md": NOTE.encode(),
            "Vault/Garden/Lime tree.md": b"# Lime tree\n\nTall. #tree/tall\n",
            "Vault/broken.md": b"---\ntitle: [unclosed\n---\nStill read.\n",
            "Vault/empty.md": b"---\ntitle: x\n---\n",
            "Vault/pictures/bee.png": b"\x89PNG\r\n",
            "__MACOSX/Vault/._Bees.md": b"junk",
        }
    )


def pdf(*pages: str) -> bytes:
    """A page for each text; '' gives an empty page."""
    made = FPDF()
    made.set_title("Bee paper")
    made.set_author("Ann")
    for text in pages:
        made.add_page()
        made.set_font("helvetica", size=12)
        if text:
            made.multi_cell(0, 10, text)
    return bytes(made.output())


def word() -> bytes:
    """Headings, a list and a table."""
    made = docx.Document()
    made.core_properties.title = "Bee letter"
    made.core_properties.author = "Ann"
    made.add_heading("Bees", level=1)
    made.add_paragraph("They fly.")
    made.add_paragraph("dance", style="List Bullet")
    table = made.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    made.add_paragraph("The end.")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def messages() -> bytes:
    """JSON lines of two conversations, the first of which comes back."""
    return lines(
        {"role": "user", "content": "One", "created_at": "2026-05-06T07:00:00Z", "conversation_id": "j1"},
        {"role": "assistant", "content": [{"type": "text", "text": "Two"}], "conversation_id": "j1"},
        {"role": "system", "content": "secret", "conversation_id": "j1"},
        {"role": "user", "content": "Other", "conversation_id": "j2"},
        {"role": "user", "content": "Three", "conversation_id": "j1"},
    )
