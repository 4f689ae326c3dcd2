"""Gemini as Takeout, Workspace and AI Studio export it."""

from __future__ import annotations

from typing import Any

from memories.tests.samples.archives import dumps, zipped


def entry(title: str, time: str, answer: str | None = None, **more: Any) -> dict[str, Any]:
    """One activity."""
    html = {"safeHtmlItem": [{"html": answer}]} if answer else {}
    return {
        "header": "Gemini Apps",
        "title": title,
        "time": time,
        "products": ["Gemini Apps"],
        **html,
        **more,
    }


def activity() -> list[dict[str, Any]]:
    """Newest first: two conversations, with what is no message between."""
    return [
        entry("Prompted And at night?", "2026-03-03T10:20:00.000Z", "<p>They <b>rest</b>.</p>"),
        entry("Created Gemini Canvas titled Bees", "2026-03-03T10:10:00.000Z"),
        entry("Prompted What do bees do by day? Attached 2 files.", "2026-03-03T10:00:00.000Z",
              "<p>They:</p><ul><li>fly</li><li>dance</li></ul><script>x()</script>",
              attachedFiles=["a.png", {"name": "b.png"}]),
        entry("Searched for bees", "2026-03-03T09:59:00.000Z", header="Search", products=["Search"]),
        entry("Asked Yesterday's question", "2026-03-02T10:00:00.000Z", header="Bard"),
    ]  # fmt: skip


def cell(body: str, header: str = "Gemini Apps") -> str:
    """One outer cell of the page."""
    return (
        '<div class="outer-cell mdl-cell mdl-cell--12-col mdl-shadow--2dp"><div class="mdl-grid">'
        f'<div class="header-cell mdl-cell mdl-cell--12-col">'
        f'<p class="mdl-typography--title">{header}<br></p></div>'
        f'<div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--body-1">{body}</div>'
        '<div class="content-cell mdl-cell mdl-cell--6-col mdl-typography--text-right"></div>'
        '<div class="content-cell mdl-cell mdl-typography--caption"><b>Products:</b><br>&emsp;'
        f"{header}<br></div></div></div>"
    )


def page(*cells: str) -> bytes:
    """MyActivity.html."""
    style = '<html><head><meta charset="UTF-8"><title>My Activity</title><style>.mdl-grid{}</style></head>'
    return f'{style}<body><div class="mdl-grid">{"".join(cells)}</div></body></html>'.encode()


def activity_page() -> bytes:
    """The same in English and German, newest first."""
    return page(
        cell("Prompted&nbsp;And at night?<br>Mar 3, 2026, 10:20:00\u202fAM UTC<br><p>They <b>rest</b>.</p>"),
        cell("Created Gemini Canvas titled Bees<br>Mar 3, 2026, 10:10:00\u202fAM UTC<br>"),
        cell(
            "Eingegebener Prompt:&nbsp;Was tun Bienen?<br>03.03.2026, 11:00:00 MEZ<br><p>Fliegen.</p>",
            "Gemini-Apps",
        ),
        cell("Searched for&nbsp;bees<br>Mar 3, 2026, 9:59:00\u202fAM UTC<br>", "Search"),
        cell("Prompted&nbsp;No date here<br>sometime<br>"),
    )


def workspace() -> dict[str, Any]:
    """One conversation of Gemini in Workspace."""
    return {
        "title": "Budget",
        "creation_time": "2026-01-05T08:00:00Z",
        "last_modification_time": "2026-01-05T08:05:00Z",
        "conversation_turns": [
            {
                "user_turn": {
                    "prompt": "Sum this up",
                    "turn_index": 0,
                    "turn_last_modified": "2026-01-05T08:00:00Z",
                }
            },
            {
                "system_turn": {
                    "text": [{"data": "It is 42."}, {"cards": []}],
                    "images": [],
                    "model_thoughts": [{"x": "secret"}],
                }
            },
        ],
    }


def studio() -> dict[str, Any]:
    """A prompt of AI Studio."""
    return {
        "runSettings": {"model": "models/gemini-2.5-pro"},
        "systemInstruction": {},
        "chunkedPrompt": {
            "chunks": [
                {"text": "Write a haiku", "role": "user"},
                {"text": "secret thought", "role": "model", "isThought": True},
                {"text": "Bees hum in the lime", "role": "model"},
            ],
            "pendingInputs": [],
        },
    }


def takeout() -> bytes:
    """Gemini among other products."""
    return zipped(
        {
            "Takeout/archive_browser.html": b"<html><body>index</body></html>",
            "Takeout/My Activity/Gemini Apps/MyActivity.json": dumps(activity()),
            "Takeout/My Activity/Search/MyActivity.html": page(
                cell("Searched<br>Mar 3, 2026, 9:59:00 AM UTC<br>", "Search")
            ),
            "Takeout/Gemini in Workspace/Conversation History/conversation_1.txt": dumps(workspace()),
            "Takeout/Keep/shopping.html": b"<html><body>milk</body></html>",
            "Takeout/Mail/All mail.mbox": b"From 1@xxx\n",
        }
    )
