"""The search box's language: what is a filter, what stays text, what is said about a mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memories.query_language import Named, nearest, parse, quoted, to_text, without

AT = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words", "parts"),
    [
        ("tag:work plans", "plans", Named(tags_all=("work",))),
        ("tag:#work tag:home", "", Named(tags_all=("work", "home"))),
        ("tag:work,home", "", Named(tags_any=("work", "home"))),
        ('tag:"red wine",beer', "", Named(tags_any=("red wine", "beer"))),
        ("plans -tag:old -tag:x", "plans", Named(tags_none=("old", "x"))),
        ("Tag:Work", "", Named(tags_all=("Work",))),
        ("label:a type:note source:i author:bo", "", Named(("a",), kinds=("note",), sources=("i",), people=("bo",))),
        ("kind:note,Fact kind:turn", "", Named(kinds=("note", "fact", "turn"))),
        ("-kind:turn -role:tool", "", Named(kinds_none=("turn",), roles_none=("tool",))),
        ("-from:api x", "x", Named(sources_none=("api",))),
        ("by:anna -by:bo role:user", "", Named(people=("anna",), people_none=("bo",), roles=("user",))),
        ('persona:work in:"conversation title"', "", Named(personas=("work",), conversations=("conversation title",))),
        ("in:\u201ctrip to Rome\u201d", "", Named(conversations=("trip to Rome",))),
        ('in:"trip to', "", Named(conversations=("trip to",))),
        (r'tag:"say \"hi\" \\ there"', "", Named(tags_all=(r'say "hi" \ there',))),
        ("is:pinned x", "x", Named(pinned=True)),
        ("-is:pinned x", "x", Named(pinned=False)),
        ("is:archived,pinned", "", Named(states=("archived",), pinned=True)),
        ("state:archived", "", Named(states=("archived",))),
        ("before:2025-03", "", Named(before=day("2025-03-01"))),
        ("after:2024", "", Named(after=day("2024-01-01"))),
        ("since:2024/2/9", "", Named(after=day("2024-02-09"))),
        ("on:2024-12", "", Named(after=day("2024-12-01"), before=day("2025-01-01"))),
        ("on:yesterday", "", Named(after=day("2026-03-30"), before=day("2026-03-31"))),
        ("after:7d", "", Named(after=day("2026-03-24"))),
        ("after:1m", "", Named(after=day("2026-02-28"))),
        ("after:2024 after:2025 before:2027 before:2026", "", Named(after=day("2025-01-01"), before=day("2026-01-01"))),
        ('a "exact phrase" -word tag:x', 'a "exact phrase" -word', Named(tags_all=("x",))),
        ("two  spaces  tag:x  here", "two spaces here", Named(tags_all=("x",))),
        ("tag:work, then", "then", Named(tags_all=("work",))),
        ("from:http://x.org", "", Named(sources=("http://x.org",))),
    ],
)  # fmt: skip
def test_filters_are_taken_out_of_the_text(text: str, words: str, parts: Named) -> None:
    parsed = parse(text, AT)
    assert (parsed.text, parsed.parts, parsed.problems) == (words, parts, ())


@pytest.mark.parametrize(
    "text",
    [
        "http://x",
        "std::vector",
        "note: buy milk",
        "From: Anna To: Bo",
        "tag: later",
        "in: the morning",
        "at 10:30 or 12:00",
        "localhost:8000",
        r"C:\Users\me",
        "file:/etc/hosts",
        '"tag:work"',
        '-"tag:work"',
        'say "tag:a tag:b" twice',
        "x.tag:y",
        "tag:",
        "tag::x",
        "tag://x",
        "in:,",
        "sha256:abc",
        "Re:Invent",
        "🦊:x",
        '5" tag',
        "  kept   as it is  ",
    ],
)
def test_what_only_resembles_a_filter_stays_as_it_was_written(text: str) -> None:
    parsed = parse(text, AT)
    assert (parsed.text, parsed.operators, parsed.problems) == (text, (), ())


@pytest.mark.parametrize(
    ("text", "message", "replacement"),
    [
        ("before:2025-33", "before: needs a date such as 2025-03 or 2025-03-14; you wrote 2025-33", ""),
        ("x after:soon", "after: needs a date such as 2025-03 or 2025-03-14; you wrote soon", ""),
        ("after:2024,2025", "after: needs a date such as 2025-03 or 2025-03-14; you wrote 2024,2025", ""),
        ("on:2025-02-30", "on: needs a date such as 2025-03 or 2025-03-14; you wrote 2025-02-30", ""),
        ("before:9999999d", "before: needs a date such as 2025-03 or 2025-03-14; you wrote 9999999d", ""),
        ("kind:nte,fact", "you wrote nte. Did you mean note?", "kind:note,fact"),
        ("role:boss", "role: is one of user, assistant, system, tool; you wrote boss.", ""),
        ("is:pined", "Did you mean pinned?", "is:pinned"),
        ("state:gone", "state: is one of active, archived, superseded, deleted; you wrote gone.", ""),
        ("tga:work", "tga: is not a filter. Did you mean tag:work?", "tag:work"),
        ("-tga:work", "Did you mean -tag:work?", "-tag:work"),
        ("beofre:2025", "Did you mean before:2025?", "before:2025"),
        ('persna:"a b"', 'Did you mean persona:"a b"?', 'persona:"a b"'),
        ("autor:x", "Did you mean by:x?", "by:x"),
        ("-before:2025", "before: cannot be turned round with a minus.", ""),
        ("-is:archived", "is: takes a minus for pinned only.", ""),
        ("after:2025 before:2024", "Nothing lies in this time: after:2025 before:2024.", ""),
        ("tag:a,b tag:c,d", "tag: takes alternatives once only", ""),
    ],
)
def test_a_mistake_is_explained_where_it_stands(text: str, message: str, replacement: str) -> None:
    (problem,) = parse(text, AT).errors
    assert message in problem.message
    assert problem.replacement == replacement
    if replacement:
        assert not parse(text[: problem.start] + replacement + text[problem.end :], AT).problems


def test_an_unknown_key_is_no_error_but_said() -> None:
    parsed = parse("colour:red docker:latest", AT)
    assert (parsed.text, parsed.errors) == ("colour:red docker:latest", ())
    assert [problem.hint for problem in parsed.problems] == [True, True]
    assert "searched for as words" in parsed.problems[0].message


def test_days_begin_where_the_asker_is() -> None:
    zone = ZoneInfo("Asia/Tokyo")
    parsed = parse("on:today", datetime(2026, 3, 31, 1, 0, tzinfo=zone))
    assert parsed.parts.after == datetime(2026, 3, 31, tzinfo=zone)
    assert parsed.parts.before == datetime(2026, 4, 1, tzinfo=zone)


def test_a_filter_can_be_taken_away() -> None:
    parsed = parse('plans type:note tag:"a b",c -by:bo for may', AT)
    assert to_text(parsed) == 'kind:note tag:"a b",c -by:bo plans for may'
    assert without(parsed, parsed.operators[1]) == "kind:note -by:bo plans for may"


@pytest.mark.parametrize(("word", "found"), [("tga", "tag"), ("knid", "kind"), ("x", ""), ("quite different", "")])
def test_the_nearest_word_is_found(word: str, found: str) -> None:
    assert nearest(word, ("tag", "kind", "persona")) == found


_PIECES = st.sampled_from(
    ["tag:", "-tag:", "before:", "in:", "is:", "kind:", "tga:", "2025", '"', "\\", ",", ":", " ", "a", "“", "//", "-"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=14).map("".join))


@given(_TEXTS)
def test_nothing_makes_it_fail_and_it_survives_the_round_trip(text: str) -> None:
    parsed = parse(text, AT)
    again = parse(to_text(parsed), AT)
    assert (again.operators, again.parts) == (parsed.operators, parsed.parts)
    assert again.text.split() == parsed.text.split()
    assert bool(again.errors) == bool(parsed.errors)


@given(st.text(alphabet=st.characters(exclude_characters=":："), max_size=80))
def test_plain_text_survives_as_it_is(text: str) -> None:
    parsed = parse(text, AT)
    assert (parsed.text, parsed.operators, parsed.problems) == (text, (), ())


@given(st.text(min_size=1, max_size=30).map(lambda s: " ".join(s.split())).filter(lambda s: s.strip("#")))
def test_any_name_can_be_written(name: str) -> None:
    parsed = parse(f"tag:{quoted(name)} x", AT)
    assert parsed.text == "x"
    (found,) = parsed.operators
    assert found.values == (name,)
