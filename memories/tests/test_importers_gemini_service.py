"""Gemini: activity in JSON and HTML, in several languages, grouped by time; Workspace and AI Studio."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memories.importers._local_time import parse_local_time
from memories.tests.samples import google
from memories.tests.samples.archives import dumps
from memories.tests.samples.reading import read_all


def test_activity_is_grouped_by_half_an_hour_and_turned_round() -> None:
    result = read_all(dumps(google.activity()))

    assert result.texts(0) == [
        ("user", "What do bees do by day?"),
        ("assistant", "They:\n\n- fly\n- dance"),
        ("user", "And at night?"),
        ("assistant", "They rest."),
    ]
    assert result.texts(1) == [("user", "Yesterday's question")]
    assert result.skipped == {"no-prompt": 1, "other-product": 1}


def test_attached_files_go_to_the_metadata() -> None:
    turn = read_all(dumps(google.activity())).conversations[0].turns[0]

    assert turn.metadata == {"attachments": ["a.png", "b.png"], "attached_files": 2}


@pytest.mark.parametrize(("minutes", "conversations"), [(30, 1), (31, 2)])
def test_gap_is_thirty_minutes(minutes: int, conversations: int) -> None:
    start = datetime(2026, 3, 3, 10, tzinfo=UTC)
    later = start + timedelta(minutes=minutes)
    data = dumps([google.entry("Prompted b", later.isoformat()), google.entry("Prompted a", start.isoformat())])

    assert len(read_all(data).conversations) == conversations


@pytest.mark.parametrize("verb", ["Prompted", "Asked", "Said", "Branched", "Answered", "Eingegebener Prompt:"])
def test_prompt_verbs_are_taken_off(verb: str) -> None:
    data = dumps([google.entry(f"{verb} the words", "2026-03-03T10:00:00Z")])

    assert read_all(data).texts() == [("user", "the words")]


@pytest.mark.parametrize("verb", ["Created", "Used", "Added", "Gave", "Selected"])
def test_other_verbs_are_no_prompts(verb: str) -> None:
    result = read_all(dumps([google.entry(f"{verb} a thing", "2026-03-03T10:00:00Z")]))

    assert not result.conversations and result.skipped == {"no-prompt": 1}


def test_title_in_an_unknown_language_is_kept_as_it_stands() -> None:
    data = dumps([google.entry("Kirjoitit hei", "2026-03-03T10:00:00Z", "<p>Moi</p>", header="Gemini-sovellukset")])

    assert read_all(data).texts() == [("user", "Kirjoitit hei"), ("assistant", "Moi")]


def test_page_gives_the_same_as_the_json_in_two_languages() -> None:
    result = read_all(google.activity_page())

    assert result.texts() == [
        ("user", "Was tun Bienen?"),
        ("assistant", "Fliegen."),
        ("user", "And at night?"),
        ("assistant", "They rest."),
    ]
    assert result.conversations[0].started_at == datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
    assert [failure.code for failure in result.failed] == ["no-date"]
    assert result.skipped == {"no-prompt": 1, "other-product": 1}


def test_page_is_cut_right_across_its_chunks() -> None:
    cells = [
        google.cell(f"Prompted&nbsp;Question {n}<br>Mar 3, 2026, 1:{n % 60:02}:00 PM UTC<br><p>{'word ' * 300}</p>")
        for n in range(600)
    ]
    result = read_all(google.page(*cells))

    assert sum(len(c.turns) for c in result.conversations) == 1_200 and not result.failed


def test_page_with_one_endless_entry_gives_the_others() -> None:
    good = google.cell("Prompted&nbsp;Good<br>Mar 3, 2026, 1:00:00 PM UTC<br>")
    endless = google.cell("Prompted&nbsp;Endless " + "x" * 9_000_000 + "<br>Mar 3, 2026, 1:00:00 PM UTC<br>")
    result = read_all(google.page(good, endless, good.replace("Good", "Better")))

    assert [text for _, text in result.texts()] == ["Better", "Good"]
    assert [failure.code for failure in result.failed] == ["too-large"]


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("Mar 3, 2026, 6:25:05\u202fAM PDT", datetime(2026, 3, 3, 13, 25, 5)),
        ("Mar 3, 2026, 12:25:05 PM UTC", datetime(2026, 3, 3, 12, 25, 5)),
        ("Mar 3, 2026, 12:25:05 AM UTC", datetime(2026, 3, 3, 0, 25, 5)),
        ("3 Mar 2026, 18:25:05 GMT", datetime(2026, 3, 3, 18, 25, 5)),
        ("03.03.2026, 18:25:05 MEZ", datetime(2026, 3, 3, 17, 25, 5)),
        ("3 août 2026, 18:25:05 CEST", datetime(2026, 8, 3, 16, 25, 5)),
        ("3 juil. 2026, 18:25:05 UTC", datetime(2026, 7, 3, 18, 25, 5)),
        ("3 ene 2026, 18:25:05 CET", datetime(2026, 1, 3, 17, 25, 5)),
        ("3 de dez. de 2026, 18:25:05 BRT", datetime(2026, 12, 3, 21, 25, 5)),
        ("2026/03/03 18:25:05 JST", datetime(2026, 3, 3, 9, 25, 5)),
        ("2026年3月3日 18:25:05 JST", datetime(2026, 3, 3, 9, 25, 5)),
        ("2026. 3. 3. 오후 6:25:05 GMT+09:00", datetime(2026, 3, 3, 9, 25, 5)),
    ],
)
def test_dates_of_many_languages_are_read(line: str, moment: datetime) -> None:
    assert parse_local_time(line) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "line", ["", "Mar 2026", "at 10:00:00", "99.99.2026, 10:00:00", "word " * 30, "32 Mar 2026 1:00:00"]
)
def test_lines_that_are_no_dates_are_none(line: str) -> None:
    assert parse_local_time(line) is None


def test_workspace_and_studio() -> None:
    workspace = read_all(dumps(google.workspace()), "conversation_1.txt")
    studio = read_all(dumps(google.studio()), "Write a haiku")

    assert workspace.texts() == [("user", "Sum this up"), ("assistant", "It is 42.")]
    assert workspace.conversations[0].title == "Budget"
    assert studio.texts() == [("user", "Write a haiku"), ("assistant", "Bees hum in the lime")]
    assert studio.conversations[0].model == "gemini-2.5-pro"
