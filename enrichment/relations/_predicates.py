"""Predicates: which say the same, which have one object at a time, which end another, and how they are shown."""

from __future__ import annotations

from typing import Final

from enrichment.relations._words import line_set, table, word_set

_SINGLE: Final = line_set("predicates", "single")
_SAME: Final[dict[str, str]] = table("predicates", "same")
_TURNED: Final[dict[str, str]] = table("predicates", "turned")
_ENDED: Final[dict[str, dict[str, str]]] = table("predicates", "ended")
_FAVOURITE: Final = word_set("nouns", "favourite")
_IRREGULAR: Final = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_BEFORE: Final = {
    "possible": "might",
    "planned": "will",
    "wanted": "wants to",
    "should": "should",
    "able": "can",
    "tried": "tries to",
    "conditional": "would",
}
_ACCORDING: Final = {"reported": "it is said,", "believed": "it is thought,"}
_HISS: Final = ("s", "sh", "ch", "x", "z", "o")


def normal_predicate(words: str) -> str:
    """The form under which a predicate is kept: `move to` begins, and so is, `live in`."""
    plain = " ".join(words.casefold().split())
    plain = " ".join("favourite" if word in _FAVOURITE else word for word in plain.split())
    return _SAME.get(plain, plain)


def is_single(predicate: str) -> bool:
    """Whether it has one object at a time, so that a newer one ends the older."""
    return predicate in _SINGLE or (predicate.startswith("favourite ") and predicate.endswith(" is"))


def turned(predicate: str) -> str:
    """What the object then does; empty where it is not said from the other side."""
    return _TURNED.get(predicate, "")


def ended(predicate: str, kind: str) -> str:
    """Which predicate it ends, for an object of that kind; empty for none."""
    kinds = _ENDED.get(predicate, {})
    return kinds.get(kind) or kinds.get("any", "")


def shown_predicate(predicate: str, modality: str = "", is_negated: bool = False) -> str:
    """As it stands behind its subject: 'lives in', 'is not married to', 'might move to', 'favourite colour is'."""
    if predicate.endswith(" is"):
        words = f"{predicate} not" if is_negated else predicate
        return f"{words} ({modality})" if modality else words
    if modality in _BEFORE:
        before = _BEFORE[modality]
        return f"{_negated(before)} {predicate}" if is_negated else f"{before} {predicate}"
    verb, _, rest = predicate.partition(" ")
    shown = f"{_third_person(verb)} {rest}".strip()
    if is_negated:
        shown = f"is not {rest}".strip() if verb == "be" else f"does not {predicate}"
    return f"{shown}, {_ACCORDING[modality]}" if modality in _ACCORDING else shown


def _negated(before: str) -> str:
    return f"{before} not" if before in ("might", "should", "would") else {"can": "cannot"}.get(before, f"not {before}")


def _third_person(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("y") and len(verb) > 1 and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(_HISS) else "s")
