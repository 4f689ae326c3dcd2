"""What a text holds that its owner should know of: secrets, and words that address a model rather than a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memories.screening.poisoning import SIGNS, Sign, signs_in
from memories.screening.secrets import LABELS, Secret, dotted, masked, secrets_in

__all__ = ["LABELS", "SIGNS", "VERSION", "Findings", "Secret", "Sign", "dotted", "findings_of", "masked", "secrets_in"]

# Raised with the rules: memories that were screened with older ones are screened again.
VERSION = 1
_KEPT = 50


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, as kinds and places; never the text itself."""

    secrets: tuple[Secret, ...] = ()
    signs: tuple[Sign, ...] = ()

    def stored(self) -> dict[str, Any]:
        """As JSON, empty when nothing was found; at most 50 of each."""
        kept = {
            "secrets": [[one.kind, one.start, one.end] for one in self.secrets[:_KEPT]],
            "signs": [[one.kind, one.start, one.end] for one in self.signs[:_KEPT]],
        }
        return {name: places for name, places in kept.items() if places}


def findings_of(text: str) -> Findings:
    """Both readings of a text."""
    return Findings(secrets_in(text), signs_in(text))
