"""Words become the same terms in memories and questions, whatever their spelling, script or language."""

from __future__ import annotations

import re
import string
from concurrent.futures import ThreadPoolExecutor
from time import thread_time

import pytest
from django.db import connection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memories.keyed_terms import indexed_text, keyed, phrase_of
from memories.lexicon import UNDETERMINED, ParsedQuery, Word, detect_language, lexemes, parse_query

KEY = b"k" * 32


def terms(text: str, language: str = "en") -> list[str]:
    return [lexeme.term for lexeme in lexemes(text, language)]


def found_by(query: str, text: str, language: str) -> bool:
    """Whether a memory is found by any word of a question, as the index would."""
    return not parse_query(query).terms.isdisjoint(terms(text, language))


@pytest.mark.parametrize("language", ["en", "de", "fr", UNDETERMINED])
@pytest.mark.parametrize("written", ["München", "Muenchen", "MÜNCHEN", "Mu\u0308nchen", "ｍünchen"])
@pytest.mark.parametrize("asked", ["München", "Muenchen", "münchen", "MUENCHEN", "Mu\u0308nchen"])
def test_spellings_of_a_name_find_each_other(language: str, written: str, asked: str) -> None:
    assert found_by(asked, written, language)


@pytest.mark.parametrize(
    ("asked", "written", "language"),
    [
        ("munchen", "München", "en"),
        ("resume", "résumé", "fr"),
        ("strasse", "Straße", "de"),
        ("senor", "el señor", "es"),
        ("running", "she runs daily", "en"),
        ("Haus", "zwischen den Häusern", "de"),
        ("cheval", "les chevaux", "fr"),
        ("casa", "las casas", "es"),
        ("книга", "две книги", "ru"),
        ("Anna", "Anna's bike", "en"),
        ("eau", "de l'eau froide", "fr"),
        ("fine", "ﬁne", "en"),
        ("abc", "ＡＢＣ", "ja"),
    ],
)
def test_forms_of_a_word_find_each_other(asked: str, written: str, language: str) -> None:
    assert found_by(asked, written, language)


@pytest.mark.parametrize(("asked", "written"), [("cat", "a category"), ("house", "a horse"), ("1", "21")])
def test_other_words_do_not(asked: str, written: str) -> None:
    assert not found_by(asked, written, "en")


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("snake_case_name", ["snake", "case", "name"]),
        ("CamelCaseName", ["camel", "case", "name"]),
        ("getHTTPResponse", ["http", "response"]),
        ("foo.bar", ["foo", "bar"]),
        ("v1.2.3", ["1.2.3", "1"]),
        ("anna@example.com", ["anna", "example", "com"]),
        ("192.168.0.17", ["168", "17"]),
        ("e-mail", ["mail"]),
        ("GPT4", ["gpt", "4"]),
    ],
)
def test_identifiers_are_found_whole_and_by_their_parts(identifier: str, parts: list[str]) -> None:
    text = f"before {identifier}, after"
    assert found_by(identifier, text, "en")
    whole = next(lexeme for lexeme in lexemes(text, "en") if lexeme.position == 2)
    assert text[whole.start : whole.end] == identifier
    for part in parts:
        assert found_by(part, text, "en") or "." in part


def test_an_identifiers_part_is_marked_where_it_stands() -> None:
    text = "call getUserName now"
    part = next(lexeme for lexeme in lexemes(text, "en") if lexeme.term == "user")
    assert text[part.start : part.end] == "User"


@pytest.mark.parametrize("name", ["C++", "C#"])
def test_languages_named_by_marks_are_words(name: str) -> None:
    assert name.lower() in terms(f"I write {name} code")
    assert not found_by(name, "vitamin C", "en")


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("東京", "東京都に住む"),
        ("京都", "東京都"),
        ("猫", "黒猫がいる"),
        ("咖啡", "我喜欢咖啡"),
        ("서울", "저는 서울에 살아요"),
        ("สวัสดี", "สวัสดีครับ"),
    ],
)
def test_scripts_without_spaces_are_found_by_pairs(asked: str, written: str) -> None:
    assert found_by(asked, written, "zh")


def test_stop_words_are_dropped_but_keep_their_place() -> None:
    found = [(lexeme.term, lexeme.position) for lexeme in lexemes("the cat of the house", "en")]
    assert found == [("cat", 2), ("hous", 5)]
    assert terms("die Katze", "de") == ["katz"]
    assert terms("die Katze", "ja") == ["die", "katze"]


@pytest.mark.parametrize("mark", ["\u0301", "\u08ca", "a \u0308"])
def test_a_mark_that_stands_alone_makes_no_empty_term(mark: str) -> None:
    assert all(terms(mark, "en"))
    assert all(parse_query(mark).terms)


@given(st.text(max_size=200), st.sampled_from(["en", "de", "zh", "und", "xx", ""]))
@example("0ß", "en")
@settings(max_examples=200, deadline=None)
def test_any_text_has_terms_in_order_within_it(text: str, language: str) -> None:
    found = lexemes(text, language)
    assert all(lexeme.term and 0 <= lexeme.start < lexeme.end <= len(text) for lexeme in found)
    assert [lexeme.position for lexeme in found] == sorted(lexeme.position for lexeme in found)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_question_is_understood(text: str) -> None:
    parsed = parse_query(text)
    for words in (parsed.words, *parsed.phrases, *parsed.excluded):
        assert all(word.terms and all(word.terms) for word in words)


@given(st.lists(st.sampled_from(["garden", "Häuser", "snake_case", "東京", "e-mail", "chevaux"]), min_size=1))
@settings(max_examples=50, deadline=None)
def test_a_memory_is_found_by_its_own_words(words: list[str]) -> None:
    text = " ".join(words)
    for language in ("en", "de", "fr", "ru", "und"):
        assert found_by(text, text, language)


def test_a_question_is_taken_apart() -> None:
    parsed = parse_query('who said "red car" or well-known -cats -"blue car"')
    assert parsed.text == "who said red car or well-known"
    assert [word.terms[0] for word in parsed.words] == ["said", "red", "car", "well-known", "well", "known"]
    assert [[word.terms[0] for word in phrase] for phrase in parsed.phrases] == [["red", "car"]]
    assert {tuple(word.terms[0] for word in phrase) for phrase in parsed.excluded} == {("blue", "car"), ("cats",)}


@pytest.mark.parametrize("question", ["“red car”", "„red car“", "«red car»", '"red car"', "＂red car＂"])
def test_every_keyboards_quotes_make_a_phrase(question: str) -> None:
    (phrase,) = parse_query(question).phrases
    assert [word.terms[0] for word in phrase] == ["red", "car"]


def test_a_phrase_of_stop_words_demands_nothing_for_the_index_lacks_them() -> None:
    parsed = parse_query('"to be or not to be" Hamlet')
    assert parsed.phrases == ()
    assert parsed.text == "to be or not to be Hamlet"


def test_a_question_of_stop_words_asks_for_them() -> None:
    assert [word.terms[0] for word in parse_query("who is it").words] == ["who", "is", "it"]


@pytest.mark.parametrize("question", ["", " ", '"', "-", '-"', '""', "- -", "\x00", "\ud800"])
def test_operators_alone_ask_for_nothing(question: str) -> None:
    parsed = parse_query(question)
    assert (parsed.words, parsed.phrases, parsed.excluded) == ((), (), ())


def test_keys_hide_terms_and_keep_owners_apart() -> None:
    assert keyed("garden", KEY) == keyed("garden", KEY)
    assert keyed("garden", KEY) != keyed("garden", b"other" * 8)
    assert keyed("garden", KEY) != keyed("gardens", KEY)
    indexed = indexed_text("a garden and the garden gate", "en", "", KEY)
    assert indexed.length == 3
    assert "gard" not in indexed.tsvector
    assert indexed.tsvector == f"'{keyed('garden', KEY)}':2,5 '{keyed('gate', KEY)}':6"


def test_keyed_terms_need_no_quoting() -> None:
    safe = set(string.ascii_letters + string.digits + "-_")
    assert all(set(token) <= safe and len(token) == 11 for token in (keyed(str(n), KEY) for n in range(500)))


def matches(text: str, query: str) -> bool:
    """What PostgreSQL says about the literals of a text and a tsquery."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [indexed_text(text, "en", "", KEY).tsvector, query])
        found: bool = cursor.fetchone()[0]
    return found


def any_of(words: tuple[Word, ...]) -> str:
    """A tsquery for any of the words, each as a phrase of one."""
    return " | ".join(f"({phrase_of([word], KEY)})" for word in words)


@pytest.mark.django_db
def test_postgresql_matches_words_and_phrases() -> None:
    text = "The red sports car of Anna's sister, parked at e-mail.example.com in München"

    def parsed(query: str) -> ParsedQuery:
        return parse_query(query)

    assert matches(text, any_of(parsed("where is annas or Anna car?").words))
    assert not matches(text, any_of(parsed("bicycle").words))
    for phrase, expected in [("red sports car", True), ("car of Anna", True), ("red car", False), ("car red", False)]:
        assert matches(text, phrase_of(parsed(f'"{phrase}"').phrases[0], KEY)) is expected, phrase


@pytest.mark.django_db
def test_postgresql_accepts_the_longest_texts() -> None:
    numbers = " ".join(map(str, range(40_000)))
    repeated = "lantern " * 40_000
    with connection.cursor() as cursor:
        for text in (repeated, numbers):
            cursor.execute("SELECT length(%s::tsvector)", [indexed_text(text, "en", "", KEY).tsvector])
            assert cursor.fetchone()[0] == len(set(text.split()))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I am going to the cinema with Anna tonight.", "en"),
        ("Ich gehe heute Abend mit Anna ins Kino.", "de"),
        ("Esta noche voy al cine con mi hermana Ana.", "es"),
        ("Ce soir je vais au cinéma avec ma sœur.", "fr"),
        ("Hoje à noite vou ao cinema com a minha irmã.", "pt"),
        ("Stasera vado al cinema con mia sorella.", "it"),
        ("Vanavond ga ik met mijn zus naar de bioscoop.", "nl"),
        ("Jag bor i Stockholm och arbetar som lärare.", "sv"),
        ("Сегодня вечером я иду в кино с сестрой.", "ru"),
        ("今日は天気がいいので散歩に行きました。", "ja"),
        ("我喜欢在早上喝咖啡，然后去公园散步。", "zh"),
        ("저는 오늘 저녁에 영화를 보러 갑니다.", "ko"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert detect_language(text) == language
    assert detect_language(text * 50) == language


@pytest.mark.parametrize("text", ["", "ok", "Bye Joanna!", " \n" * 50, "lol"])
def test_too_little_text_is_undetermined(text: str) -> None:
    assert detect_language(text) == UNDETERMINED


def test_threads_get_the_same_terms() -> None:
    """Stemmers are not safe to share: each thread must have its own."""
    words = [f"{word}{number}ing houses memories" for number in range(50) for word in ("walk", "talk", "bak")]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(terms, words)) == [terms(word) for word in words]


@pytest.mark.parametrize("text", ["a.", "A1", "a-", "---", '"', "FooBar", "我", "-a ", '"a'])
def test_odd_texts_take_linear_time(text: str) -> None:
    long = text * ((1 << 18) // len(text))
    started = thread_time()
    indexed_text(long, "en", "", KEY)
    parse_query(long)
    assert thread_time() - started < 8


def test_highlighting_marks_each_form() -> None:
    text = "Our houses and their house"
    wanted = parse_query("house").terms
    marked = [text[lexeme.start : lexeme.end] for lexeme in lexemes(text, "en") if lexeme.term in wanted]
    assert marked == ["houses", "house"]
    assert not re.search("Our|and", " ".join(marked))
