"""What to write into each client so that it talks through this server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines for one client, with this server's address in them."""

    name: str
    label: str
    text: str


_TEXTS = (
    (
        "openai",
        "OpenAI for Python",
        """from openai import OpenAI

client = OpenAI(base_url="{here}/v1", api_key="msh_…")""",
    ),
    (
        "anthropic",
        "Anthropic for Python",
        """from anthropic import Anthropic

client = Anthropic(base_url="{here}", api_key="msh_…")""",
    ),
    (
        "google",
        "Google Gen AI for Python",
        """from google import genai

client = genai.Client(api_key="msh_…", http_options={{"base_url": "{here}"}})""",
    ),
    (
        "environment",
        "Programs that read the environment",
        """export OPENAI_BASE_URL="{here}/v1" OPENAI_API_KEY="msh_…"
export ANTHROPIC_BASE_URL="{here}" ANTHROPIC_API_KEY="msh_…\"""",
    ),
    (
        "own-key",
        "With the model server's key in the client",
        """client = OpenAI(
    base_url="{here}/v1",
    api_key="sk-…",  # stays where it is
    default_headers={{"X-Memshadow-Key": "msh_…"}},
)""",
    ),
    (
        "router",
        "Any other server, its address after ours",
        """client = OpenAI(base_url="{here}/gateway/https://api.example.org/v1", api_key="msh_…")""",
    ),
)


def snippets_for(here: str) -> list[Snippet]:
    """One a client; `here` is this server's address without a slash at its end."""
    return [Snippet(name, label, text.format(here=here)) for name, label, text in _TEXTS]
