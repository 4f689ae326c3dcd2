"""Precision and recall of entities on hand-labelled sentences, beside the bare pipeline; patterns on a hostile list.

`python -m benchmarks.entities TURNS [TURNS …]`: files of turns in the shape of shared/bench. The labels
(`data/entity_names.tsv`, made before anything was tuned) name a sentence by turn and place: no sentence is copied.
A name counts when its words are the labelled ones; the stricter figures want its kind, too.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.conversations import moment, read_lines
from benchmarks.instance import data_folder

HERE = Path(__file__).parent
LABELS = HERE / "data" / "entity_names.tsv"
HOSTILE = HERE.parent / "enrichment" / "tests" / "data" / "hostile.tsv"
HOSTILE_AT = datetime(2026, 5, 13, 15, tzinfo=UTC)
Named = tuple[str, str]  # kind, words


@dataclass
class Counts:
    """What was found rightly, wrongly and not at all, by kind."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(self, expected: Iterable[Named], found: Iterable[Named]) -> None:
        """One sentence."""
        wanted, seen = Counter(expected), Counter(found)
        for (kind, _), number in (wanted & seen).items():
            self.right[kind] += number
        for (kind, _), number in (seen - wanted).items():
            self.wrong[kind] += number
        for (kind, _), number in (wanted - seen).items():
            self.missed[kind] += number

    def row(self, name: str, kind: str | None = None) -> str:
        """A line of a table: precision, recall, F1 and their numbers."""
        right, wrong, missed = (
            count[kind] if kind else count.total() for count in (self.right, self.wrong, self.missed)
        )
        precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return f"| {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {right} | {wrong} | {missed} |"


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence [start:end) of a turn."""

    turn: str
    start: int
    end: int
    names: tuple[Named, ...]


def labelled() -> list[Sentence]:
    """The labelled sentences."""
    found = []
    for line in LABELS.read_text(encoding="utf-8").splitlines()[1:]:
        turn, start, length, *names = line.split("\t")
        pairs = tuple((kind, words) for kind, _, words in (name.partition("=") for name in names))
        found.append(Sentence(turn, int(start), int(start) + int(length), pairs))
    return found


def ours(turn: dict[str, Any]) -> list[tuple[int, Named]]:
    """The names that the product finds, with their places."""
    from enrichment.entities import NAME_KINDS
    from enrichment.entities.finding import find_entities

    found = find_entities(turn["text"], language="en", occurred_at=moment(turn["timestamp"]), people=turn["people"])
    return [(one.start, (one.kind, one.text)) for one in found if one.kind in NAME_KINDS]


def bare(turn: dict[str, Any]) -> list[tuple[int, Named]]:
    """The names as the pipeline gives them, labels translated."""
    from enrichment.entities import spacy_kind
    from enrichment.language import parsed

    docs = parsed([turn["text"]], "en") or []
    named = [(ent.start_char, (spacy_kind(ent.label_), ent.text)) for doc in docs for ent in doc.ents]
    return [(start, (kind, words)) for start, (kind, words) in named if kind]


def compared(
    sentences: Iterable[Sentence],
    turns: dict[str, dict[str, Any]],
    find: Callable[[dict[str, Any]], list[tuple[int, Named]]],
) -> tuple[Counts, Counts]:
    """Counts with and without kinds."""
    strict, loose = Counts(), Counts()
    for sentence in sentences:
        found = [named for start, named in find(turns[sentence.turn]) if sentence.start <= start < sentence.end]
        strict.add(sentence.names, found)
        loose.add([("any", words) for _, words in sentence.names], [("any", words) for _, words in found])
    return strict, loose


def hostile() -> tuple[int, int]:
    """Lines of the hostile list that come out right, and all."""
    from enrichment.entities.finding import find_entities

    lines = [line.split("\t") for line in HOSTILE.read_text(encoding="utf-8").splitlines()[1:]]
    right = 0
    for language, text, *expected in lines:
        found = find_entities(text, language=language, occurred_at=HOSTILE_AT, names=False)
        right += [f"{one.kind}={one.value}" for one in found] == expected
    return right, len(lines)


def turns_of(paths: Iterable[Path], wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The turns with the sentences, each with the people who write in its conversation, whom the product knows."""
    found: dict[str, dict[str, Any]] = {}
    people: dict[str, set[str]] = {}
    for path in paths:
        for turn in read_lines(path):
            people.setdefault(turn["conversation_id"], set()).add(turn["speaker"])
            if turn["turn_id"] in wanted:
                found[turn["turn_id"]] = turn | {"people": people[turn["conversation_id"]]}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("turns", type=Path, nargs="+")
    options = parser.parse_args()
    with data_folder():
        import django

        django.setup()
        sentences = labelled()
        turns = turns_of(options.turns, {sentence.turn for sentence in sentences})
        print(f"{len(sentences)} sentences, {sum(len(one.names) for one in sentences)} names")
        print("| what | precision | recall | F1 | right | wrong | missed |\n|---|---|---|---|---|---|---|")
        for name, find in (("bare pipeline", bare), ("ours", ours)):
            strict, loose = compared(sentences, turns, find)
            print(loose.row(f"{name}, words"), strict.row(f"{name}, words and kind"), sep="\n")
        for kind in sorted(set(strict.right) | set(strict.wrong) | set(strict.missed)):
            print(strict.row(f"ours: {kind}", kind))
        right, lines = hostile()
        print(f"hostile list: {right} of {lines} lines")


if __name__ == "__main__":
    main()
