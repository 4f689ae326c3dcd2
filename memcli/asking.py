"""What a prompt needs: the memories that belong before it, for a pipe or ready to send."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from memcli.options import AsJson, ServerName, Tags, Words, connect, text_of
from memcli.showing import as_json, note, printable


def context(
    prompt: Words = None,
    model: Annotated[str, typer.Option("--model", "-m", help="Whom it goes to, such as gpt-4o.")] = "",
    strategy: Annotated[
        str, typer.Option(help="relevance, recency, topical, conversational, or auto, which chooses by the prompt.")
    ] = "auto",
    budget: Annotated[int | None, typer.Option(min=0, help="Tokens that memories may take at most.")] = None,
    persona: Annotated[str | None, typer.Option(help="Id of the persona whose memories count more.")] = None,
    tag: Tags = None,
    messages: Annotated[bool, typer.Option("--messages", help="Print the messages, ready to send, as JSON.")] = False,
    server: ServerName = None,
    json_: AsJson = False,
) -> None:
    """Print the memories that a prompt needs, fenced as data; what was left out or cut is told on standard error.

    Sealed memories are not among them: the server cannot read them.
    """
    asked: dict[str, Any] = {"prompt": text_of(prompt), "model": model, "strategy": strategy}
    optional = {"budget_tokens": budget, "persona": persona, "filters": {"tag": tag} if tag else None}
    made = connect(server).post("/context", asked | {k: v for k, v in optional.items() if v is not None})
    if json_:
        return as_json(made)
    for said in made["notes"]:
        note(said)
    if messages:
        return as_json(made["messages"])
    if not made["used"]:
        return note("No memory helps with this.")
    return typer.echo(printable(made["context"]))
