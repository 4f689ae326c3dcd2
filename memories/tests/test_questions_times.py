"""Times in questions and memories, read from when they were written: seven languages, others, and hostile text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from time import perf_counter, thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memories.questions import Anchored, anchored, time_spans

# A Wednesday.
AT = datetime(2024, 6, 12, 15, 30, tzinfo=UTC)

# Each row: text, first day, last day, and the language where the text alone does not tell.
ENGLISH = [
    ("What did I do on 7 May 2023?", "2023-05-07", "2023-05-07"),
    ("May 7th, 2023", "2023-05-07", "2023-05-07"),
    ("the 7th of May 2023", "2023-05-07", "2023-05-07"),
    ("May 7, 2023 was nice", "2023-05-07", "2023-05-07"),
    ("7 may 2023", "2023-05-07", "2023-05-07"),
    ("on 3 may", "2024-05-03", "2024-05-03"),
    ("march 3rd", "2024-03-03", "2024-03-03"),
    ("Sept 3, 2023", "2023-09-03", "2023-09-03"),
    ("3 Dec", "2023-12-03", "2023-12-03"),
    ("Friday, 3 May 2024", "2024-05-03", "2024-05-03"),
    ("29 February", "2024-02-29", "2024-02-29"),
    ("on 2023-05-07", "2023-05-07", "2023-05-07"),
    ("2023-05-07T10:00:00Z", "2023-05-07", "2023-05-07"),
    ("2023/05/07", "2023-05-07", "2023-05-07"),
    ("13/05/2023", "2023-05-13", "2023-05-13"),
    ("7.5.2023", "2023-05-07", "2023-05-07"),
    ("2023-05", "2023-05-01", "2023-05-31"),
    ("in May", "2024-05-01", "2024-05-31"),
    ("in may", "2024-05-01", "2024-05-31"),
    ("in July", "2023-07-01", "2023-07-31"),
    ("What will I do in July?", "2024-07-01", "2024-07-31"),
    ("May 2023", "2023-05-01", "2023-05-31"),
    ("in August 2022", "2022-08-01", "2022-08-31"),
    ("How was January?", "2024-01-01", "2024-01-31"),
    ("last May", "2024-05-01", "2024-05-31"),
    ("next May", "2025-05-01", "2025-05-31"),
    ("in May of last year", "2023-05-01", "2023-05-31"),
    ("last year in May", "2023-05-01", "2023-05-31"),
    ("in 2021", "2021-01-01", "2021-12-31"),
    ("my 2021 goals", "2021-01-01", "2021-12-31"),
    ("the year 2000", "2000-01-01", "2000-12-31"),
    ("last year", "2023-01-01", "2023-12-31"),
    ("this year", "2024-01-01", "2024-12-31"),
    ("next year", "2025-01-01", "2025-12-31"),
    ("the 90s", "1990-01-01", "1999-12-31"),
    ("the 1980s", "1980-01-01", "1989-12-31"),
    ("Q3 2023", "2023-07-01", "2023-09-30"),
    ("in Q1", "2024-01-01", "2024-03-31"),
    ("third quarter of 2023", "2023-07-01", "2023-09-30"),
    ("last quarter", "2024-01-01", "2024-03-31"),
    ("last spring", "2024-03-01", "2024-05-31"),
    ("last summer", "2023-06-01", "2023-08-31"),
    ("in the summer", "2024-06-01", "2024-08-31"),
    ("summer of 2022", "2022-06-01", "2022-08-31"),
    ("this winter", "2024-12-01", "2025-02-28"),
    ("last Friday", "2024-06-07", "2024-06-07"),
    ("last Wednesday", "2024-06-05", "2024-06-05"),
    ("on Monday", "2024-06-10", "2024-06-10"),
    ("on Wednesday", "2024-06-12", "2024-06-12"),
    ("next Friday", "2024-06-14", "2024-06-14"),
    ("this Sunday", "2024-06-16", "2024-06-16"),
    ("Monday of last week", "2024-06-03", "2024-06-03"),
    ("yesterday", "2024-06-11", "2024-06-11"),
    ("today", "2024-06-12", "2024-06-12"),
    ("tomorrow", "2024-06-13", "2024-06-13"),
    ("the day before yesterday", "2024-06-10", "2024-06-10"),
    ("last week", "2024-06-03", "2024-06-09"),
    ("this week", "2024-06-10", "2024-06-16"),
    ("next week", "2024-06-17", "2024-06-23"),
    ("last weekend", "2024-06-08", "2024-06-09"),
    ("last month", "2024-05-01", "2024-05-31"),
    ("three days ago", "2024-06-09", "2024-06-09"),
    ("two weeks ago", "2024-05-26", "2024-06-01"),
    ("a week ago", "2024-06-02", "2024-06-08"),
    ("2 months ago", "2024-03-28", "2024-04-27"),
    ("a few days ago", "2024-06-07", "2024-06-11"),
    ("in two weeks", "2024-06-23", "2024-06-29"),
    ("ten days from now", "2024-06-22", "2024-06-22"),
    ("in the last three months", "2024-03-12", "2024-06-12"),
    ("over the past two weeks", "2024-05-29", "2024-06-12"),
    ("in the last month", "2024-05-01", "2024-06-12"),
    ("between March and May", "2024-03-01", "2024-05-31"),
    ("between May and July", "2023-05-01", "2023-07-31"),
    ("between March 2022 and May 2023", "2022-03-01", "2023-05-31"),
    ("between November and February 2023", "2022-11-01", "2023-02-28"),
    ("from March to May", "2024-03-01", "2024-05-31"),
    ("March through May", "2024-03-01", "2024-05-31"),
    ("2019-2021", "2019-01-01", "2021-12-31"),
    ("3-7 May 2023", "2023-05-03", "2023-05-07"),
    ("May 3-7, 2023", "2023-05-03", "2023-05-07"),
    ("from 3 to 7 May", "2024-05-03", "2024-05-07"),
    ("end of May", "2024-05-21", "2024-05-31"),
    ("early May 2023", "2023-05-01", "2023-05-11"),
    ("mid-May", "2024-05-11", "2024-05-21"),
    ("the first week of May", "2024-05-01", "2024-05-07"),
    ("the last week of May 2023", "2023-05-25", "2023-05-31"),
    ("at Christmas", "2023-12-24", "2023-12-27"),
    ("Christmas 2021", "2021-12-24", "2021-12-27"),
    ("around Christmas", "2023-12-21", "2023-12-30"),
    ("New Year's Eve", "2023-12-31", "2023-12-31"),
    ("Thanksgiving 2023", "2023-11-23", "2023-11-23"),
    ("Black Friday 2023", "2023-11-24", "2023-11-24"),
    ("Easter 2024", "2024-03-29", "2024-04-01"),
    ("Halloween", "2023-10-31", "2023-10-31"),
    ("two weeks before Christmas", "2023-12-07", "2023-12-13"),
    ("the day after Christmas Day", "2023-12-26", "2023-12-26"),
    ("three days before 7 May 2023", "2023-05-04", "2023-05-04"),
]
GERMAN = [
    ("Was war am 7. Mai 2023?", "2023-05-07", "2023-05-07"),
    ("am 7.5.2023", "2023-05-07", "2023-05-07"),
    ("Was haben wir im Mai gemacht?", "2024-05-01", "2024-05-31"),
    ("letzten Freitag", "2024-06-07", "2024-06-07"),
    ("am Montag", "2024-06-10", "2024-06-10"),
    ("gestern", "2024-06-11", "2024-06-11"),
    ("vorgestern", "2024-06-10", "2024-06-10"),
    ("übermorgen", "2024-06-14", "2024-06-14"),
    ("Was habe ich vor zwei Wochen gesagt?", "2024-05-26", "2024-06-01"),
    ("vor drei Tagen", "2024-06-09", "2024-06-09"),
    ("in den letzten drei Monaten", "2024-03-12", "2024-06-12"),
    ("zwischen März und Mai", "2024-03-01", "2024-05-31"),
    ("von März bis Mai 2023", "2023-03-01", "2023-05-31"),
    ("nächste Woche", "2024-06-17", "2024-06-23"),
    ("letztes Jahr im Sommer", "2023-06-01", "2023-08-31"),
    ("im Sommer 2022", "2022-06-01", "2022-08-31"),
    ("Anfang Mai", "2024-05-01", "2024-05-11"),
    ("Mitte Mai 2023", "2023-05-11", "2023-05-21"),
    ("im letzten Jahr", "2023-01-01", "2023-12-31"),
    ("drittes Quartal 2023", "2023-07-01", "2023-09-30"),
    ("KW 23 2024", "2024-06-03", "2024-06-09"),
    ("an Weihnachten", "2023-12-24", "2023-12-27"),
    ("eine Woche nach Karfreitag", "2024-04-02", "2024-04-08"),
    ("letztes Wochenende", "2024-06-08", "2024-06-09"),
]
SPANISH = [
    ("¿Qué hice el 7 de mayo de 2023?", "2023-05-07", "2023-05-07"),
    ("¿Qué hicimos en mayo?", "2024-05-01", "2024-05-31"),
    ("el viernes pasado", "2024-06-07", "2024-06-07"),
    ("el lunes", "2024-06-10", "2024-06-10"),
    ("ayer", "2024-06-11", "2024-06-11"),
    ("anteayer", "2024-06-10", "2024-06-10"),
    ("hace dos semanas", "2024-05-26", "2024-06-01"),
    ("en los últimos tres meses", "2024-03-12", "2024-06-12"),
    ("entre marzo y mayo", "2024-03-01", "2024-05-31"),
    ("de 2019 a 2021", "2019-01-01", "2021-12-31"),
    ("la semana que viene", "2024-06-17", "2024-06-23"),
    ("la semana pasada", "2024-06-03", "2024-06-09"),
    ("el mes pasado", "2024-05-01", "2024-05-31"),
    ("el año pasado", "2023-01-01", "2023-12-31"),
    ("mayo del año pasado", "2023-05-01", "2023-05-31"),
    ("el verano pasado", "2023-06-01", "2023-08-31"),
    ("en el verano de 2022", "2022-06-01", "2022-08-31"),
    ("a principios de mayo", "2024-05-01", "2024-05-11"),
    ("en Nochebuena", "2023-12-24", "2023-12-24"),
    ("dos semanas antes de Navidad", "2023-12-07", "2023-12-13"),
]
FRENCH = [
    ("Qu'ai-je fait le 7 mai 2023 ?", "2023-05-07", "2023-05-07"),
    ("le 1er mars", "2024-03-01", "2024-03-01"),
    ("Que s'est-il passé en mai ?", "2024-05-01", "2024-05-31"),
    ("vendredi dernier", "2024-06-07", "2024-06-07"),
    ("hier", "2024-06-11", "2024-06-11"),
    ("avant-hier", "2024-06-10", "2024-06-10"),
    ("aujourd'hui", "2024-06-12", "2024-06-12"),
    ("il y a deux semaines", "2024-05-26", "2024-06-01"),
    ("au cours des trois derniers mois", "2024-03-12", "2024-06-12"),
    ("entre mars et mai", "2024-03-01", "2024-05-31"),
    ("la semaine prochaine", "2024-06-17", "2024-06-23"),
    ("l'année dernière", "2023-01-01", "2023-12-31"),
    ("l'été dernier", "2023-06-01", "2023-08-31"),
    ("pendant l'été 2022", "2022-06-01", "2022-08-31"),
    ("début mai", "2024-05-01", "2024-05-11"),
    ("à Noël", "2023-12-24", "2023-12-27"),
]
PORTUGUESE = [
    ("O que eu fiz em 7 de maio de 2023?", "2023-05-07", "2023-05-07"),
    ("sexta-feira passada", "2024-06-07", "2024-06-07"),
    ("na segunda", "2024-06-10", "2024-06-10"),
    ("ontem", "2024-06-11", "2024-06-11"),
    ("anteontem", "2024-06-10", "2024-06-10"),
    ("há duas semanas", "2024-05-26", "2024-06-01"),
    ("nos últimos três meses", "2024-03-12", "2024-06-12"),
    ("entre março e maio", "2024-03-01", "2024-05-31"),
    ("na semana passada", "2024-06-03", "2024-06-09"),
    ("no ano passado", "2023-01-01", "2023-12-31"),
    ("no verão de 2022", "2022-06-01", "2022-08-31"),
    ("no Natal", "2023-12-24", "2023-12-27"),
]
ITALIAN = [
    ("Cosa ho fatto il 7 maggio 2023?", "2023-05-07", "2023-05-07"),
    ("a maggio", "2024-05-01", "2024-05-31"),
    ("venerdì scorso", "2024-06-07", "2024-06-07"),
    ("ieri", "2024-06-11", "2024-06-11"),
    ("l'altro ieri", "2024-06-10", "2024-06-10"),
    ("due settimane fa", "2024-05-26", "2024-06-01"),
    ("negli ultimi tre mesi", "2024-03-12", "2024-06-12"),
    ("tra marzo e maggio", "2024-03-01", "2024-05-31"),
    ("la settimana prossima", "2024-06-17", "2024-06-23"),
    ("l'anno scorso", "2023-01-01", "2023-12-31"),
    ("l'estate scorsa", "2023-06-01", "2023-08-31"),
    ("fra due settimane", "2024-06-23", "2024-06-29"),
    ("a Ferragosto", "2023-08-15", "2023-08-15"),
]
DUTCH = [
    ("Wat deed ik op 7 mei 2023?", "2023-05-07", "2023-05-07"),
    ("in mei", "2024-05-01", "2024-05-31"),
    ("afgelopen vrijdag", "2024-06-07", "2024-06-07"),
    ("gisteren", "2024-06-11", "2024-06-11"),
    ("eergisteren", "2024-06-10", "2024-06-10"),
    ("twee weken geleden", "2024-05-26", "2024-06-01"),
    ("in de afgelopen drie maanden", "2024-03-12", "2024-06-12"),
    ("tussen maart en mei", "2024-03-01", "2024-05-31"),
    ("volgende week", "2024-06-17", "2024-06-23"),
    ("vorig jaar", "2023-01-01", "2023-12-31"),
    ("vorige zomer", "2023-06-01", "2023-08-31"),
    ("begin mei", "2024-05-01", "2024-05-11"),
    ("met kerst", "2023-12-24", "2023-12-27"),
]
OTHERS = [
    ("2024年5月3日", "2024-05-03", "2024-05-03"),
    ("2024年5月", "2024-05-01", "2024-05-31"),
    ("5月3日", "2024-05-03", "2024-05-03"),
    ("昨天我做了什么?", "2024-06-11", "2024-06-11"),
    ("去年", "2023-01-01", "2023-12-31"),
    ("去年夏天", "2023-06-01", "2023-08-31"),
    ("上周", "2024-06-03", "2024-06-09"),
    ("上周五", "2024-06-07", "2024-06-07"),
    ("上个月", "2024-05-01", "2024-05-31"),
    ("三天前", "2024-06-09", "2024-06-09"),
    ("两个星期前", "2024-05-26", "2024-06-01"),
    ("先週の金曜日", "2024-06-07", "2024-06-07"),
    ("2週間前に何をした?", "2024-05-26", "2024-06-01"),
    ("来月", "2024-07-01", "2024-07-31"),
    ("어제 뭐 했어?", "2024-06-11", "2024-06-11"),
    ("2주 전", "2024-05-26", "2024-06-01"),
    ("지난달", "2024-05-01", "2024-05-31"),
    ("2023년 5월 7일", "2023-05-07", "2023-05-07"),
    ("7 мая 2023 года", "2023-05-07", "2023-05-07"),
    ("на прошлой неделе", "2024-06-03", "2024-06-09"),
    ("две недели назад", "2024-05-26", "2024-06-01"),
    ("в мае", "2024-05-01", "2024-05-31"),
    ("вчера", "2024-06-11", "2024-06-11"),
]
ROWS = [*ENGLISH, *GERMAN, *SPANISH, *FRENCH, *PORTUGUESE, *ITALIAN, *DUTCH, *OTHERS]


def days(text: str, language: str = "", at: datetime = AT) -> list[tuple[str, str]]:
    """First and last day of each span."""
    spans = time_spans(text, at, language)
    return [(f"{span.start:%Y-%m-%d}", f"{span.end - timedelta(seconds=1):%Y-%m-%d}") for span in spans]


@pytest.mark.parametrize(("text", "first", "last"), ROWS)
def test_time_is_read(text: str, first: str, last: str) -> None:
    assert days(text) == [(first, last)]


@pytest.mark.parametrize(
    ("text", "language", "first", "last"),
    [
        ("7 maja 2023", "pl", "2023-05-07", "2023-05-07"),
        ("w zeszłym tygodniu", "pl", "2024-06-03", "2024-06-09"),
        ("tydzień temu", "pl", "2024-06-02", "2024-06-08"),
        ("7 mayıs 2023", "tr", "2023-05-07", "2023-05-07"),
        ("7. května 2023", "cs", "2023-05-07", "2023-05-07"),
        ("den 7 maj 2023", "sv-SE", "2023-05-07", "2023-05-07"),
        ("hier", "fr", "2024-06-11", "2024-06-11"),
    ],
)
def test_time_is_read_in_a_given_language(text: str, language: str, first: str, last: str) -> None:
    assert days(text, language) == [(first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "May I ask you something?",
        "may I",
        "They march on",
        "this may change in the future",
        "the django-q2 cluster and section 4 (see below)",
        "March on!",
        "What did April say to June?",
        "Is May happy?",
        "I have 3 dogs",
        "May 3 people join us?",
        "version 2.10",
        "v2023.1",
        "IP 10.1.2.2023 and 192.168.1.1",
        "the sun is up",
        "Mark sat with Jan",
        "a second opinion",
        "It takes a second",
        "I paid $2000 for 2000 points",
        "it costs 2,024 euros",
        "call 2024-555-1234",
        "24/7 and 1/2",
        "a fall from grace",
        "the day is long",
        "every year",
        "10 years old",
        "the first of many",
        "we met at the quarter",
        "Wer war hier?",
        "Je n'ai jamais été à Rome",
        "El mar está tranquilo",
        "la segunda vez",
        "Non ho mai visto il mare",
        "Was ist mit dem Mann?",
        "🎉 ‮מחר‬ \ud800",
    ],
)
def test_words_that_are_no_times(text: str) -> None:
    assert time_spans(text, AT) == []


@pytest.mark.parametrize("text", ["07/05/2023", "5/7/23"])
def test_ambiguous_date_has_both_readings(text: str) -> None:
    assert sorted(days(text)) == [("2023-05-07", "2023-05-07"), ("2023-07-05", "2023-07-05")]


def test_winter_of_a_year_may_be_either() -> None:
    assert days("winter 2023") == [("2023-12-01", "2024-02-29"), ("2022-12-01", "2023-02-28")]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("since March", "2024-03-01", None),
        ("after 7 May 2023", "2023-05-08", None),
        ("before Christmas", None, "2023-12-23"),
        ("until 2020", None, "2020-12-31"),
        ("seit März", "2024-03-01", None),
        ("vor Weihnachten", None, "2023-12-23"),
        ("desde marzo", "2024-03-01", None),
        ("depuis mars", "2024-03-01", None),
        ("antes do Natal", None, "2023-12-23"),
        ("prima di Natale", None, "2023-12-23"),
        ("sinds maart", "2024-03-01", None),
    ],
)
def test_open_span(text: str, first: str | None, last: str | None) -> None:
    (span,) = time_spans(text, AT)
    assert span.kind == "open"
    assert (f"{span.start:%Y-%m-%d}" if span.start.year > 1 else None) == first
    assert (f"{span.end - timedelta(seconds=1):%Y-%m-%d}" if span.end.year < 9999 else None) == last


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("this morning", "2024-06-12 05", "2024-06-12 12"),
        ("last night", "2024-06-11 18", "2024-06-12 06"),
        ("yesterday evening", "2024-06-11 17", "2024-06-12 00"),
        ("Friday afternoon", "2024-06-07 12", "2024-06-07 18"),
        ("two hours ago", "2024-06-12 12", "2024-06-12 14"),
        ("heute Morgen", "2024-06-12 05", "2024-06-12 12"),
        ("gestern Abend", "2024-06-11 17", "2024-06-12 00"),
        ("esta mañana", "2024-06-12 05", "2024-06-12 12"),
        ("ayer por la noche", "2024-06-11 18", "2024-06-12 06"),
        ("hier soir", "2024-06-11 17", "2024-06-12 00"),
        ("ontem à noite", "2024-06-11 18", "2024-06-12 06"),
        ("ieri sera", "2024-06-11 17", "2024-06-12 00"),
        ("gisteravond", "2024-06-11 17", "2024-06-12 00"),
    ],
)
def test_part_of_a_day(text: str, first: str, last: str) -> None:
    (span,) = time_spans(text, AT)
    assert (f"{span.start:%Y-%m-%d %H}", f"{span.end:%Y-%m-%d %H}") == (first, last)


def test_days_begin_at_the_askers_midnight() -> None:
    tokyo = timezone(timedelta(hours=9))
    (span,) = time_spans("yesterday", datetime(2024, 6, 13, 1, 0, tzinfo=tokyo))
    assert (span.start, span.end) == (datetime(2024, 6, 11, 15, tzinfo=UTC), datetime(2024, 6, 12, 15, tzinfo=UTC))


def test_words_of_a_span_are_where_it_says() -> None:
    text = "Did I travel in May 2023 or last week?"
    found = time_spans(text, AT)
    assert [span.text for span in found] == ["May 2023", "last week"]
    assert [text[span.start_char : span.end_char] for span in found] == ["May 2023", "last week"]
    assert [span.kind for span in found] == ["month", "week"]


def test_brackets_part_a_number_from_a_month() -> None:
    assert [span.text for span in time_spans("section 4 (June 1995)", AT)] == ["June 1995"]


@pytest.mark.parametrize(
    ("text", "anchor", "offset_days"),
    [
        ("What did I do two weeks before my birthday?", "my birthday", -14),
        ("three days after the wedding, what did we eat", "the wedding", 3),
        ("the day before I met Tom", "I met Tom", -1),
        ("a month after our move to Rome", "our move to Rome", 30),
        ("zwei Wochen vor meinem Geburtstag", "meinem Geburtstag", -14),
        ("einen Tag nach der Hochzeit", "der Hochzeit", 1),
        ("dos semanas antes de mi cumpleaños", "mi cumpleaños", -14),
        ("deux semaines avant mon anniversaire", "mon anniversaire", -14),
        ("duas semanas antes do meu aniversário", "meu aniversário", -14),
        ("due settimane prima del mio compleanno", "mio compleanno", -14),
        ("twee weken voor mijn verjaardag", "mijn verjaardag", -14),
    ],
)
def test_time_hangs_on_an_event(text: str, anchor: str, offset_days: int) -> None:
    found = anchored(text)
    assert found is not None
    assert (found.anchor, found.offset) == (anchor, timedelta(days=offset_days))
    assert text[found.start_char : found.end_char] == found.text


@pytest.mark.parametrize(
    "text", ["", "two weeks before Christmas", "two weeks ago", "before my birthday", "a week before?"]
)
def test_time_hangs_on_no_event(text: str) -> None:
    assert anchored(text) is None


EDGES = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), datetime(2024, 2, 29), AT]
PIECES = [text for text, _, _ in ROWS] + [
    "9999",
    "0",
    "of",
    "next",
    "last",
    "ago",
    "before",
    "between",
    "32",
    "-",
    ".",
    "年",
]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=6).map(" ".join),
    st.sampled_from(EDGES),
    st.sampled_from(["", "en", "de", "es", "fr", "pt", "it", "nl", "ja", "ru", "zz", "pt_BR", "und"]),
)
def test_any_text_gives_spans_that_lie_in_it(text: str, at: datetime, language: str) -> None:
    for span in time_spans(text, at, language):
        assert 0 <= span.start_char < span.end_char <= len(text)
        assert text[span.start_char : span.end_char] == span.text
        assert span.start < span.end
        assert span.start.tzinfo is UTC
    found = anchored(text, language)
    assert found is None or isinstance(found, Anchored)


@pytest.mark.parametrize(
    "unit",
    ["a", "1", "1 ", "May ", "last ", "of ", "two ", "1/", "1-", "'", "日", "三", "前", "\ud800", ".", "in May "],
)
def test_hostile_text_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begun = perf_counter()
    time_spans(text, AT)
    anchored(text)
    assert perf_counter() - begun < 5


def test_question_is_read_in_no_time() -> None:
    questions = [text for text, _, _ in ROWS]
    for question in questions:
        time_spans(question, AT)
    begun = thread_time()
    for question in questions:
        time_spans(question, AT)
    assert (thread_time() - begun) / len(questions) < 0.003
