"""What waits for a person's word: each kind of proposal says how many wait, and where they are decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class ReviewKind:
    """A kind of proposal: `waiting` counts what is open; `page` names this app's page on which it is decided."""

    name: str
    label: str
    about: str
    waiting: Callable[[User], int]
    page: str


_kinds: dict[str, ReviewKind] = {}


def add_review_kind(kind: ReviewKind) -> None:
    """List a kind on the page Review and in `GET /review`, in the order in which they are added."""
    _kinds[kind.name] = kind


def review_kinds() -> list[ReviewKind]:
    """All of them."""
    return list(_kinds.values())
