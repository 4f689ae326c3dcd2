"""Names in questions, and acronyms that a text explains."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memories.questions import acronym_pairs, proper_names


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Anna Smith say about the Bank of England?", ("Anna Smith", "Bank of England")),
        ("When did I visit New York with Bob's friend in May?", ("New York", "Bob")),
        ('Explain "the big plan" to Tom', ("the big plan", "Tom")),
        ("“the big plan” and 'the other one'", ("the big plan", "the other one")),
        ("What did I say, don't you know, about Tom's 'pet project'?", ("Tom", "pet project")),
        ("Did Will go?", ("Will",)),
        ("Will Melanie go?", ("Melanie",)),
        ("When does IT support answer?", ("IT",)),
        ("Is it GPT-4 or iPhone 15?", ("GPT-4", "iPhone")),
        ("What about my_function in example.org and @anna?", ("my_function", "example.org", "@anna")),
        ("I met Ludwig van Beethoven on Monday", ("Ludwig van Beethoven",)),
        ("Summarise the API", ("API",)),
        ("What do Nate and Joanna do on Tuesdays at 6 PM?", ("Nate", "Joanna")),
        ("Considering Bootstrap 5.3.0, what now?", ("Bootstrap 5.3.0",)),
        ("The Beatles?", ("Beatles",)),
        ("What did we decide?", ()),
        ("how are you", ()),
        ("Was hat Anna mit der Wohnung in Berlin gemacht?", ("Anna", "Berlin")),
        ("Hat Max Müller das Projekt gestartet?", ("Max Müller",)),
        ("Was sagte meine Schwester über die Regierung?", ()),
        ("Wann war „der große Plan“ fertig?", ("der große Plan",)),
        ("¿Dónde vive Gabriel García Márquez?", ("Gabriel García Márquez",)),
        ("Où est l'Hôtel de Ville ?", ("Hôtel de Ville",)),
        ("Que dit « le grand plan » ?", ("le grand plan",)),
        ("Onde fica o Rio de Janeiro?", ("Rio de Janeiro",)),
        ("Dove abita Leonardo da Vinci?", ("Leonardo da Vinci",)),
        ("Waar woont Jan de Vries?", ("Jan de Vries",)),
        ("安娜说的《红楼梦》是什么?", ("红楼梦",)),
        ("トム・クルーズはどこ?", ("トム・クルーズ",)),
        ("Где живёт Анна Петрова?", ("Где", "Анна Петрова")),
        ("", ()),
        ("🎉", ()),
    ],
)
def test_names_of_a_question(question: str, names: tuple[str, ...]) -> None:
    assert proper_names(question) == names


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Our Service Level Objective (SLO) is 99.9", [("SLO", "Service Level Objective")]),
        ("The SLO (Service Level Objective) is 99.9", [("SLO", "Service Level Objective")]),
        ("We track Service Level Objectives (SLOs).", [("SLO", "Service Level Objective")]),
        ("SLO stands for Service Level Objective in our documents.", [("SLO", "Service Level Objective")]),
        ("the heat shock protein [HSP]", [("HSP", "heat shock protein")]),
        ("a user interface (UI, not UX)", [("UI", "user interface")]),
        ("Die Datenschutz-Grundverordnung (DSGVO) gilt", [("DSGVO", "Datenschutz-Grundverordnung")]),
        ("Was ist KI (Künstliche Intelligenz)?", [("KI", "Künstliche Intelligenz")]),
        ("KI steht für Künstliche Intelligenz", [("KI", "Künstliche Intelligenz")]),
        ("La Unión Europea (UE) dice", [("UE", "Unión Europea")]),
        ("le Produit Intérieur Brut (PIB)", [("PIB", "Produit Intérieur Brut")]),
        (
            "A Large Language Model (LLM) and a Service Level Agreement (SLA); the LLM (Large Language Model)",
            [("LLM", "Large Language Model"), ("SLA", "Service Level Agreement")],
        ),
        ("I saw Tom (TT) and Anna (see above) in (2) places (OK)", []),
        ("the test (QA)", []),
        ("ask for a second opinion (so)", []),
        ("NASA (a cat)", []),
        ("SLO (SLO)", []),
        ("", []),
    ],
)
def test_acronyms_are_learnt(text: str, pairs: list[tuple[str, str]]) -> None:
    assert acronym_pairs(text) == pairs


@settings(max_examples=300, deadline=None)
@given(st.text(), st.sampled_from(["", "en", "de", "ja", "xx"]))
def test_any_text_is_survived(text: str, language: str) -> None:
    assert all(name in text for name in proper_names(text, language))
    acronym_pairs(text)


@pytest.mark.parametrize(
    "unit", ["(", "(A", "(AB) ", "A ", "a ", '"', "Aa ", "A.", "\ud800", "SLO stands for ", "_a", "'A"]
)
def test_hostile_text_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begun = perf_counter()
    proper_names(text)
    acronym_pairs(text)
    assert perf_counter() - begun < 5
