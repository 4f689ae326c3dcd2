"""Names as the English pipeline and what is known for certain give them together."""

from __future__ import annotations

import pytest

from enrichment.entities import NAME_KINDS
from enrichment.entities.finding import find_entities


def named(text: str, *, language: str = "en", people: tuple[str, ...] = ()) -> list[str]:
    found = find_entities(text, language=language, people=people)
    return [f"{one.kind}={one.value}" for one in found if one.kind in NAME_KINDS]


@pytest.mark.parametrize(
    "text,expected",
    [
        ("Anna Schmidt lives in Berlin.", ["person=Anna Schmidt", "place=Berlin"]),
        ("Thanks, Mum! Hey You. Hi there.", ["person=Mum"]),
        ("Bye Caroline!", ["person=Caroline"]),
        ("We use PostgreSQL and Redis.", ["product=PostgreSQL", "product=Redis"]),
        ('I am reading the book "The Lean Startup" now.', ["work=The Lean Startup"]),
        ('She said "Good Morning" to all.', []),
        ("Congrats! Awesome!", []),
        ("**Success Metrics:** more users", []),
        ("The API uses JSON.", []),
        ("I studied at [University Name] with `Anna Schmidt`.", []),
        ("it is nothing", []),
    ],
)  # fmt: skip
def test_names(text: str, expected: list[str]) -> None:
    assert named(text) == expected


def test_who_writes_is_a_person_in_every_language() -> None:
    people = ("Mel", "Anna Schmidt", "Assistant", "Claude")
    assert named("Danke Anna, sagt Mel. Claude und Assistant auch; Annabel nicht.", language="de", people=people) == [
        "person=Anna",
        "person=Mel",
        "product=Claude",
    ]
    assert named("Anna Schmidt ist da.", language="de", people=people) == ["person=Anna Schmidt"]


def test_an_exact_pattern_goes_before_a_name() -> None:
    found = find_entities("Mail anna@berlin.de today", language="en")
    assert [one.kind for one in found] == ["email", "date"]
