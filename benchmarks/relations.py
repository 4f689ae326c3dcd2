"""Precision and recall of facts on hand-labelled sentences, beside the bare parse.

`python -m benchmarks.relations TURNS [TURNS …]`: files of turns in the shape of shared/bench. The labels
(`data/relations.tsv`) name a sentence by turn and place: no sentence is copied. They are what a sentence states of its
speaker, or of what it names: no feelings of the moment, no politeness, nothing of pronouns or of 'you'. Predicates are
in their normal form. A fact counts when subject, predicate and object are the labelled ones; the looser figures want
the subject, the verb and the object's last word; the strictest want the right negation and modality, too.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.conversations import moment
from benchmarks.entities import Counts, turns_of
from benchmarks.instance import data_folder

HERE = Path(__file__).parent / "data"
LABELS = HERE / "relations.tsv"
# Drawn and labelled after the rules were chosen with the others in view, and never looked at for choosing any.
FRESH = HERE / "relations_fresh.tsv"
Fact = tuple[str, str, str, str]  # subject, predicate, object, how it is said


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence [start:end) of a turn."""

    turn: str
    start: int
    end: int
    facts: tuple[Fact, ...]


def labelled(labels: Path = LABELS) -> list[Sentence]:
    """The labelled sentences."""
    from enrichment.relations import normal_predicate

    found = []
    for line in labels.read_text(encoding="utf-8").splitlines()[1:]:
        turn, start, length, *facts = line.split("\t")
        parts = [[*fact.split("|"), ""][:4] for fact in facts]
        told = tuple((one[0], normal_predicate(one[1]), one[2], one[3]) for one in parts)
        found.append(Sentence(turn, int(start), int(start) + int(length), told))
    return found


def ours(turn: dict[str, Any]) -> list[tuple[int, Fact]]:
    """The facts that the product finds, with the places of their sentences' subjects."""
    from enrichment.entities.finding import find_entities
    from enrichment.relations.finding import find_relations, named_in

    at = moment(turn["timestamp"])
    assert at is not None
    found = find_entities(turn["text"], language="en", occurred_at=at, people=turn["people"])
    spans = [{"kind": one.kind, "start": one.start, "end": one.end} | _dated(one) for one in found]
    named, days = named_in({"found": spans})
    told = find_relations(turn["text"], written_at=at, named=named, days=days)
    return [
        (
            one.subject.start,
            (one.subject.text, one.predicate, one.object.text, "not" if one.is_negated else one.modality),
        )
        for one in told
    ]


def _dated(one: Any) -> dict[str, str]:
    if not (one.starts_at and one.ends_at):
        return {}
    return {"starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}


def bare(turn: dict[str, Any]) -> list[tuple[int, Fact]]:
    """Subject, verb and object as the parse has them."""
    from enrichment.language import parsed

    found = []
    for doc in parsed([turn["text"]], "en") or []:
        for verb in (token for token in doc if token.pos_ in ("VERB", "AUX")):
            subjects = [child for child in verb.children if child.dep_ == "nsubj"]
            things = [child for child in verb.children if child.dep_ in ("dobj", "attr")]
            for subject, thing in ((s, t) for s in subjects for t in things):
                words = " ".join(word.text for word in thing.subtree if word.dep_ != "det")
                found.append((subject.idx, (subject.text, verb.lemma_, words, "")))
    return found


def loose(fact: Fact) -> Fact:
    """Subject, verb and the object's last word."""
    subject, predicate, thing, _ = (part.casefold() for part in fact)
    return subject, predicate.split(" ")[0], thing.split(" ")[-1], ""


def exact(fact: Fact) -> Fact:
    """All of it but how it is said."""
    subject, predicate, thing, _ = (part.casefold() for part in fact)
    return subject, predicate, thing, ""


def strict(fact: Fact) -> Fact:
    """How it is said, too."""
    subject, predicate, thing, how = (part.casefold() for part in fact)
    return subject, predicate, thing, how


def compared(
    sentences: Iterable[Sentence],
    turns: dict[str, dict[str, Any]],
    find: Callable[[dict[str, Any]], list[tuple[int, Fact]]],
    form: Callable[[Fact], Fact],
) -> tuple[Counts, list[tuple[Sentence, Counter[Fact], Counter[Fact]]]]:
    """Counts, and for each sentence what was missed and what was wrong."""
    counts, mistakes = Counts(), []
    for sentence in sentences:
        found = [fact for start, fact in find(turns[sentence.turn]) if sentence.start <= start < sentence.end]
        wanted, seen = {form(fact) for fact in sentence.facts}, {form(fact) for fact in found}
        counts.add([("fact", str(fact)) for fact in wanted], [("fact", str(fact)) for fact in seen])
        if wanted != seen:
            mistakes.append((sentence, Counter(wanted - seen), Counter(seen - wanted)))
    return counts, mistakes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("turns", type=Path, nargs="+")
    parser.add_argument("--fresh", action="store_true", help="the sentences on which nothing was tuned")
    parser.add_argument("--mistakes", action="store_true", help="print each")
    options = parser.parse_args()
    with data_folder():
        import django

        django.setup()
        sentences = labelled(FRESH if options.fresh else LABELS)
        turns = turns_of(options.turns, {sentence.turn for sentence in sentences})
        print(f"{len(sentences)} sentences, {sum(len(one.facts) for one in sentences)} facts")
        print("| what | precision | recall | F1 | right | wrong | missed |\n|---|---|---|---|---|---|---|")
        for name, find in (("bare parse", bare), ("ours", ours)):
            for how, form in (("subject, verb, last word", loose), ("exact", exact), ("and how it is said", strict)):
                print(compared(sentences, turns, find, form)[0].row(f"{name}: {how}"))
        if options.mistakes:
            for sentence, missed, wrong in compared(sentences, turns, ours, loose)[1]:
                print(
                    turns[sentence.turn]["text"][sentence.start : sentence.end], list(missed), list(wrong), sep="\n    "
                )


if __name__ == "__main__":
    main()
