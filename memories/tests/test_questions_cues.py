"""What a question asks for and what a text holds, in seven languages and others."""

from __future__ import annotations

from dataclasses import fields
from time import perf_counter, thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memories.questions import Asked, Cue, asked, holds

ASKED = [
    # English
    ("When did I buy the car?", "when by_user"),
    ("What date did we choose?", "when by_user"),
    ("Where does Anna live now?", "where latest"),
    ("Which city did we visit first?", "where by_user first"),
    ("Who painted it?", "who"),
    ("How many dogs do I have?", "how_many by_user"),
    ("How long did the trip take?", "how_long"),
    ("How many weeks did I train?", "how_many how_long by_user"),
    ("Have I ever met Bryan?", "yes_no by_user"),
    ("Is Anna happy?", "yes_no"),
    ("What did you recommend for dinner?", "by_assistant"),
    ("You told me about a library", "by_assistant"),
    ("What was your suggestion?", "by_assistant"),
    ("How would you suggest I edit?", "by_user"),
    ("Can you list all my books?", "by_user several"),
    ("What is my current address?", "by_user latest"),
    ("What was the original plan?", "first"),
    ("In what order did I try the recipes?", "by_user ordering"),
    ("Summarise my progress", "by_user several summary"),
    ("What are Anna's hobbies?", "several"),
    ("How many different recipes did I try?", "how_many by_user several"),
    ("How did I feel when Tom left the house where he lived?", "by_user"),
    ("What did the man who called say?", ""),
    ("Do you remember when I left?", "when by_user"),
    ("We met in May. Where did we eat?", "where by_user"),
    ("And when was that?", "when"),
    ("What happened in the beginning of May?", ""),
    ("Explain transformers", ""),
    # German
    ("Wann habe ich das Auto gekauft?", "when by_user"),
    ("Wo wohnt Anna jetzt?", "where latest"),
    ("Wer hat das gemalt?", "who"),
    ("Wie viele Hunde haben wir?", "how_many by_user"),
    ("Wie lange hat es gedauert?", "how_long"),
    ("Habe ich Anna getroffen?", "yes_no by_user"),
    ("Was hast du empfohlen?", "by_assistant"),
    ("Was war dein Vorschlag?", "by_assistant"),
    ("Was war der ursprüngliche Plan?", "first"),
    ("In welcher Reihenfolge geschah es?", "ordering"),
    ("Fasse das Gespräch zusammen", "several summary"),
    # Spanish
    ("¿Cuándo compré el coche?", "when by_user"),
    ("¿Dónde vive Anna ahora?", "where latest"),
    ("¿Quién pintó el cuadro?", "who"),
    ("¿Cuántos perros hay?", "how_many"),
    ("¿Cuánto tiempo duró?", "how_many how_long"),
    ("¿Qué me recomendaste?", "by_assistant"),
    ("¿Cuál fue tu consejo?", "by_assistant"),
    ("¿En qué orden ocurrió?", "ordering"),
    ("¿Qué pasó cuando llegó al pueblo donde vive?", ""),
    ("¿Cuál era el plan al principio?", "first"),
    # French
    ("Quand ai-je acheté la voiture ?", "when by_user"),
    ("Où habite Anna maintenant ?", "where latest"),
    ("Qui a peint ce tableau ?", "who"),
    ("Combien de chiens y a-t-il ?", "how_many"),
    ("Combien de temps cela a pris ?", "how_many how_long"),
    ("Qu'est-ce que tu m'as conseillé ?", "by_assistant"),
    ("Est-ce qu'Anna est contente ?", "yes_no"),
    ("Dans quel ordre ?", "ordering"),
    ("Comment était l'hôtel où dormait l'ami qui peint ?", ""),
    # Portuguese
    ("Quando comprei o carro?", "when by_user"),
    ("Onde mora a Anna agora?", "where latest"),
    ("Quem pintou o quadro?", "who"),
    ("Quantos cachorros existem?", "how_many"),
    ("O que você me sugeriu?", "by_assistant"),
    ("Qual era o plano no início?", "first"),
    # Italian
    ("Quando ho comprato la macchina?", "when by_user"),
    ("Dove abita Anna adesso?", "where latest"),
    ("Chi ha dipinto il quadro?", "who"),
    ("Quanti cani ci sono?", "how_many"),
    ("Cosa hai consigliato?", "by_assistant"),
    ("In che ordine è successo?", "ordering"),
    # Dutch
    ("Wanneer heb ik de auto gekocht?", "when by_user"),
    ("Waar woont Anna nu?", "where latest"),
    ("Wie heeft dat geschilderd?", "who"),
    ("Hoeveel honden zijn er?", "how_many"),
    ("Hoe lang duurde het?", "how_long"),
    ("Wat heb je aangeraden?", "by_assistant"),
    # others
    ("我什么时候买的车?", "when by_user"),
    ("安娜住在哪里?", "where"),
    ("谁画的?", "who"),
    ("你建议了什么?", "by_assistant"),
    ("いつ車を買いましたか?", "when"),
    ("アンナはどこに住んでいますか", "where"),
    ("언제 샀어요?", "when"),
    ("Где живёт Анна сейчас?", "where latest"),
    ("", ""),
    ("🎉", ""),
]


def told(found: Asked) -> set[str]:
    return {field.name for field in fields(found) if getattr(found, field.name)}


@pytest.mark.parametrize(("question", "expected"), ASKED)
def test_question_asks_for(question: str, expected: str) -> None:
    assert told(asked(question)) == set(expected.split())


def test_given_language_decides() -> None:
    assert asked("Kiedy kupiłem auto?", "pl").when
    assert not asked("Wo war das?", "en").where
    assert asked("Wo war das?", "de-AT").where


HELD = [
    ("I went to the park with Melanie yesterday.", "DATE PLACE PERSON FIRST_PERSON"),
    ("Meet me at 10:30", "DATE NUMBER FIRST_PERSON"),
    ("at 5pm", "DATE NUMBER"),
    ("The launch is on 2024-05-03.", "DATE NUMBER"),
    ("See you in May.", "DATE"),
    ("May I ask?", "FIRST_PERSON QUESTION"),
    ("They march on while the sun shines", ""),
    ("on 3 march", "DATE NUMBER"),
    ("It happened last week", "DATE"),
    ("two weeks ago", "DATE NUMBER"),
    ("a week has days", ""),
    ("He moved to Berlin", "PLACE"),
    ("The trip to Japan was great", "PLACE"),
    ("Yesterday Anna called", "DATE PERSON"),
    ("her mother called", "PERSON"),
    ("Version 2.10 is out", "NUMBER"),
    ("It costs twenty dollars", "NUMBER"),
    ("I do not like it", "FIRST_PERSON NEGATION"),
    ("They don't care", "NEGATION"),
    ("Do they like it? 😊", "QUESTION"),
    ('He asked "why?"', "QUESTION"),
    ("Why? Because.", ""),
    ("Gestern war ich mit meiner Schwester im Park.", "DATE PLACE PERSON FIRST_PERSON"),
    ("Der Tisch ist aus Holz und der Hund schläft", ""),
    ("Wir haben drei Kinder", "PERSON NUMBER FIRST_PERSON"),
    ("Das war vor zwei Wochen", "DATE NUMBER"),
    ("Das ist nicht gut", "NEGATION"),
    ("Ayer fui a la playa con mi hermana", "DATE PLACE PERSON FIRST_PERSON"),
    ("la semana pasada llovió mucho en todo el norte", "DATE"),
    ("Je ne suis jamais allée à Lisbonne", "PLACE FIRST_PERSON NEGATION"),
    ("La réunion était la semaine dernière", "DATE"),
    ("Ontem fui ao parque com a minha mãe", "DATE PLACE PERSON FIRST_PERSON"),
    ("Ieri sono andata al parco con mia madre", "DATE PLACE PERSON FIRST_PERSON"),
    ("Gisteren ging ik naar het strand met mijn zus", "DATE PLACE PERSON FIRST_PERSON"),
    ("我昨天去了北京", "DATE PLACE FIRST_PERSON"),
    ("友達と公園に行った", "PLACE PERSON"),
    ("어제 친구를 만났어요", "DATE PERSON"),
    ("Вчера я была в парке с мамой Ольгой", "DATE PLACE PERSON FIRST_PERSON"),
    ("هل هذا صحيح؟", "QUESTION"),
    ("", ""),
    ("🎉🎉", ""),
]


@pytest.mark.parametrize(("text", "expected"), HELD)
def test_text_holds(text: str, expected: str) -> None:
    names = {flag.name for flag in holds(text)}
    assert names == set(expected.split())


def test_values_are_stored_and_stay() -> None:
    assert {flag.name: flag.value for flag in Cue} == {
        "DATE": 1,
        "PLACE": 2,
        "PERSON": 4,
        "NUMBER": 8,
        "QUESTION": 16,
        "FIRST_PERSON": 32,
        "NEGATION": 64,
    }


@settings(max_examples=300, deadline=None)
@given(st.text(), st.sampled_from(["", "en", "de", "es", "fr", "pt", "it", "nl", "ja", "zz", "pt_BR"]))
def test_any_text_is_survived(text: str, language: str) -> None:
    asked(text, language)
    assert 0 <= holds(text, language) < 32768


@pytest.mark.parametrize("unit", ["a", "1", " ", "?", "In ", "the ", "\ud800", "ㄱ", "今", "A", "1.", "you ", "d'"])
def test_hostile_text_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begun = perf_counter()
    for language in ("", "en", "de", "fr", "zh"):
        asked(text, language)
        holds(text, language)
    assert perf_counter() - begun < 2


def test_text_of_1000_characters_is_quick() -> None:
    text = ("The quick deployment of Our service was finished by the team and then Anna reviewed it in Rome. " * 11)[
        :1000
    ]
    holds(text, "en")
    times = []
    for _ in range(20):
        begun = thread_time()
        for _ in range(20):
            holds(text, "en")
        times.append((thread_time() - begun) / 20)
    assert min(times) < 0.001
