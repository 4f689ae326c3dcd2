"""Questions about a named author become the author's own, in seven languages and three scripts without spaces."""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memories.questions import first_person, names_in

# The author is Anna unless a row names others.
REWRITTEN = [
    # English
    ("What did Anna paint?", "What did I paint?"),
    ("Anna's dog", "My dog"),
    ("Anna’s dog", "My dog"),
    ("annas dog", "my dog"),
    ("what is anna's favourite colour?", "what is my favourite colour?"),
    ("Did Anna say she likes her job?", "Did I say I like my job?"),
    ("Is Anna happy?", "Am I happy?"),
    ("How old is Anna?", "How old am I?"),
    ("What does Anna do for a living?", "What do I do for a living?"),
    ("Where has Anna been?", "Where have I been?"),
    ("Who met Anna?", "Who met me?"),
    ("Who went to the cinema with Anna?", "Who went to the cinema with me?"),
    ("What did the book teach Anna about love?", "What did the book teach me about love?"),
    ("What was a gift to Anna?", "What was a gift to me?"),
    ("When Anna's going to Rome", "When I am going to Rome"),
    ("Who helped Anna move?", "Who helped me move?"),
    ("What did Anna buy for herself?", "What did I buy for myself?"),
    ("What did Anna do when he called her?", "What did I do when I called me?"),
    ("Does Anna live with her sister?", "Do I live with my sister?"),
    ("Did Anna's sister call her?", "Did my sister call her?"),
    ("Did Anna say Melanie likes her job?", "Did I say Melanie likes her job?"),
    ("What does Anna think they need?", "What do I think I need?"),
    ("Where did Anna go on Monday with her dog?", "Where did I go on Monday with my dog?"),
    ("Which city in Ireland did Anna see on her trip?", "Which city in Ireland did I see on my trip?"),
    ("Where did Anna and I go?", "Where did we go?"),
    ("What is the name of the dog of Anna?", "What is the name of my dog?"),
    # German
    ("Was hat Anna gemalt?", "Was habe ich gemalt?"),
    ("Wie heißt Annas Hund?", "Wie heißt mein Hund?"),
    ("Wie heißt Annas Katze?", "Wie heißt meine Katze?"),
    ("Annas neue Wohnung", "Meine neue Wohnung"),
    ("Wo wohnt Anna?", "Wo wohne ich?"),
    ("Wie heißt der Hund von Anna?", "Wie heißt mein Hund?"),
    ("Was weißt du über die Schule von Anna?", "Was weißt du über meine Schule?"),
    ("Wer war mit Anna im Kino?", "Wer war mit mir im Kino?"),
    ("Was ist gut für Anna?", "Was ist gut für mich?"),
    ("Hat Anna gesagt, dass sie ihren Job mag?", "Habe ich gesagt, dass ich meinen Job mag?"),
    ("Ist Anna glücklich?", "Bin ich glücklich?"),
    ("Wann war Anna in Rom?", "Wann war ich in Rom?"),
    ("Was mag Anna am liebsten?", "Was mag ich am liebsten?"),
    ("Gehört das Auto Anna?", "Gehört das Auto mir?"),
    # Spanish
    ("¿Qué pintó Anna?", "¿Qué pinté yo?"),
    ("¿Cómo se llama el perro de Anna?", "¿Cómo se llama mi perro?"),
    ("¿Dónde están los libros de Anna?", "¿Dónde están mis libros?"),
    ("¿Dónde vive Anna con su perro?", "¿Dónde vivo yo con mi perro?"),
    ("¿Qué le gusta a Anna?", "¿Qué me gusta a mí?"),
    ("¿Quién fue con Anna al cine?", "¿Quién fue conmigo al cine?"),
    ("¿Qué ha comprado Anna?", "¿Qué he comprado yo?"),
    ("¿Qué comió Anna ayer?", "¿Qué comí yo ayer?"),
    ("¿Cuándo llegó Anna?", "¿Cuándo llegué yo?"),
    ("¿A qué es alérgica Anna?", "¿A qué soy alérgica yo?"),
    ("¿Le gustan los gatos a Anna?", "¿Me gustan los gatos a mí?"),
    # French
    ("Qu'est-ce qu'Anna a peint ?", "Qu'est-ce que j'ai peint ?"),
    ("Comment s'appelle le chien d'Anna ?", "Comment s'appelle mon chien ?"),
    ("Où est la voiture d’Anna ?", "Où est ma voiture ?"),
    ("Où sont les livres de Anna ?", "Où sont mes livres ?"),
    ("Où habite Anna ?", "Où j'habite ?"),
    ("Quand Anna est-elle allée à Paris ?", "Quand je suis allée à Paris ?"),
    ("Qui est allé au cinéma avec Anna ?", "Qui est allé au cinéma avec moi ?"),
    ("Anna aime son travail ?", "J'aime mon travail ?"),
    ("À quoi Anna est-elle allergique ?", "À quoi je suis allergique ?"),
    # Portuguese
    ("O que a Anna pintou?", "O que eu pintei?"),
    ("Como se chama o cachorro da Anna?", "Como se chama meu cachorro?"),
    ("Onde está a casa de Anna?", "Onde está minha casa?"),
    ("Onde mora a Anna?", "Onde moro eu?"),
    ("Quando a Anna chegou com a sua irmã?", "Quando eu cheguei com a minha irmã?"),
    ("Quem foi com a Anna ao cinema?", "Quem foi comigo ao cinema?"),
    ("O que Anna comeu ontem?", "O que eu comi ontem?"),
    # Italian
    ("Cosa ha dipinto Anna?", "Cosa ho dipinto io?"),
    ("Come si chiama il cane di Anna?", "Come si chiama il mio cane?"),
    ("Dov'è la casa di Anna?", "Dov'è la mia casa?"),
    ("Chi sono gli amici di Anna?", "Chi sono i miei amici?"),
    ("Dove lavora Anna?", "Dove lavoro io?"),
    ("Chi è andato al cinema con Anna?", "Chi è andato al cinema con me?"),
    ("Quando è nata Anna?", "Quando sono nata io?"),
    # Dutch
    ("Wat heeft Anna geschilderd?", "Wat heb ik geschilderd?"),
    ("Hoe heet Anna's hond?", "Hoe heet mijn hond?"),
    ("Hoe heet de hond van Anna?", "Hoe heet mijn hond?"),
    ("Waar woont Anna?", "Waar woon ik?"),
    ("Wie ging met Anna naar de film?", "Wie ging met mij naar de film?"),
    ("Is Anna blij met haar baan?", "Ben ik blij met mijn baan?"),
]


@pytest.mark.parametrize(("asked", "own"), REWRITTEN)
def test_question_is_the_authors_own(asked: str, own: str) -> None:
    assert first_person(asked, {"anna"}) == own


@pytest.mark.parametrize(
    ("asked", "names", "own"),
    [
        ("安娜画了什么?", {"安娜"}, "我画了什么?"),
        ("安娜的狗叫什么?", {"安娜"}, "我的狗叫什么?"),
        ("アンナさんは何を描きましたか", {"アンナ"}, "私は何を描きましたか"),
        ("アンナの犬の名前は?", {"アンナ"}, "私の犬の名前は?"),
        ("안나는 무엇을 그렸나요?", {"안나"}, "나는 무엇을 그렸나요?"),
        ("Что нарисовала Анна?", {"анна"}, "Что нарисовала Анна?"),
    ],
)
def test_other_scripts(asked: str, names: set[str], own: str) -> None:
    assert first_person(asked, names) == own


@pytest.mark.parametrize(
    ("asked", "names", "own"),
    [
        ("How did Nate and Joanna meet?", {"nate", "joanna"}, "How did we meet?"),
        ("What are Nate and Joanna's hobbies?", {"nate", "joanna"}, "What are our hobbies?"),
        ("Was haben Tim und Eva gekauft?", {"tim", "eva"}, "Was haben wir gekauft?"),
        ("Que font Marie et Paul ?", {"marie", "paul"}, "Que font nous ?"),
        ("What did Nate give Joanna?", {"nate", "joanna"}, "What did I give Joanna?"),
        ("What did Nate give Joanna?", {"joanna"}, "What did Nate give me?"),
        (
            "What does Nate like about Joanna and her dog?",
            {"nate", "joanna"},
            "What do I like about Joanna and her dog?",
        ),
        ("What does Anna Smith do?", {"anna smith", "anna jones"}, "What do I do?"),
        ("What does Anna do?", {"anna smith", "anna jones"}, "What do I do?"),
        ("Will Anna come?", {"will", "anna"}, "Will I come?"),
        ("May I borrow Will's car?", {"may", "will"}, "May I borrow my car?"),
        ("Where is Anne-Marie's house?", {"anne marie"}, "Where is my house?"),
        ("Where is O'Brien's house?", {"o'brien"}, "Where is my house?"),
        ("Where does José live?", {"jose"}, "Where do I live?"),
        ("¿Dónde vive Jose?", {"josé garcía"}, "¿Dónde vivo yo?"),
        ("What is James' job?", {"james"}, "What is my job?"),
    ],
)
def test_several_authors_and_names_in_parts(asked: str, names: set[str], own: str) -> None:
    assert first_person(asked, names) == own


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "What did I decide about the database?",
        "What did you recommend to me last week?",
        "What did Bob paint?",
        "a savannah annabel and anna_92",
        "How did the user feedback influence my design?",
        "🎉🎉",
        "\ue000 Anna",
        "Anna " * 1000,
    ],
)
def test_question_that_names_no_author_stays(asked: str) -> None:
    assert first_person(asked, {"anna", "user", "assistant"}) == asked


@pytest.mark.parametrize(
    ("asked", "names", "found"),
    [
        ("What did Anna say to Bob?", ["bob", "anna"], ("anna", "bob")),
        ("What did Bob say to Anna?", ["anna", "bob"], ("bob", "anna")),
        ("anna smith", ["anna smith", "anna jones", "john smith"], ("anna smith",)),
        ("Anna", ["anna smith", "anna jones", "john smith"], ("anna smith", "anna jones")),
        ("Smith", ["anna smith", "anna jones", "john smith"], ("anna smith", "john smith")),
        ("Smiths Haus", ["anna smith"], ("anna smith",)),
        ("Ann Smith's house", ["ann smith", "tom"], ("ann smith",)),
        ("Ann Smiths Haus", ["ann smith", "tom"], ("ann smith",)),
        ("Dr. van der Berg", ["dr. jan van der berg"], ("dr. jan van der berg",)),
        ("What will the mark on the rose be?", ["will", "mark", "rose"], ()),
        ("What will Mark do with Rose?", ["will", "mark", "rose"], ("mark", "rose")),
        ("Grace's dog and Will's cat", ["grace", "will"], ("grace", "will")),
        ("Will it rain?", ["will"], ()),
        ("who wrote to anna@example.org", ["anna@example.org"], ("anna@example.org",)),
        ("x", ["x", "", "user"], ()),
        ("安娜和李雷去哪了", ["李雷", "安娜"], ("安娜", "李雷")),
        ("Was macht Jürgen?", ["jurgen"], ("jurgen",)),
    ],
)
def test_names_are_found_as_whole_words(asked: str, names: Collection[str], found: tuple[str, ...]) -> None:
    assert names_in(asked, names) == found


def test_names_may_be_the_keys_of_a_mapping() -> None:
    assert names_in("Where is Anna?", {"anna": 7, "bob": 8}) == ("anna",)


@settings(max_examples=300, deadline=None)
@given(st.text(), st.sets(st.text(max_size=12), max_size=4), st.sampled_from(["", "en", "de", "fr", "ja", "xx-YY"]))
def test_any_text_is_survived(text: str, names: set[str], language: str) -> None:
    for question in (text, f"What did {next(iter(names), '')} do with {text}?"):
        first_person(question, names, language)
        assert set(names_in(question, names, language)) <= names


@pytest.mark.parametrize(
    "hostile", ["Anna " * 200_000, "a'" * 500_000, "@" * 1_000_000, "\ud800" * 1000, "1" * 100_000]
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    begun = perf_counter()
    first_person(hostile, {"anna"})
    first_person(hostile[:1999], {"anna"})
    names_in(hostile, {"anna"})
    assert perf_counter() - begun < 1
