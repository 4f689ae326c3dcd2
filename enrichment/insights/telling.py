"""Which facts are worth telling of a person: what lasts, and not what they happened to do once."""

from __future__ import annotations

import re
from typing import Final

from enrichment.relations import is_single

# What somebody is, has around them or does again and again.
_LASTING: Final = frozenset(
    (
        "be from", "be born in", "be born on", "grow up in", "own", "speak", "study", "study at", "teach", "teach at",
        "play", "practice", "collect", "volunteer at", "volunteer with", "volunteer for", "be member of", "belong to",
        "be engaged to", "be divorced from", "be diagnosed with", "suffer from", "be vegetarian", "be retired from",
        "graduate from", "major in", "have degree in", "drive", "run", "manage", "lead", "found", "be responsible for",
    )
)  # fmt: skip
TASTES: Final = frozenset(
    (
        "like", "love", "prefer", "hate", "dislike", "miss", "be allergic to", "be into", "be interested in",
        "be passionate about", "be fan of", "be obsessed with", "be afraid of", "be intolerant to", "eat", "drink",
    )
)  # fmt: skip
# Of these only what is said more than once, or named, lasts.
_OFTEN: Final = frozenset(("have", "use", "work on", "be", "work with", "know", "read", "listen to", "watch"))
_POSSESSED: Final = re.compile(
    r"\b(?:sons?|daughters?|kids?|child(?:ren)?|brothers?|sisters?|siblings?|twins?|husband|wife|partner|parents?|"
    r"dogs?|cats?|pupp(?:y|ies)|kittens?|turtles?|pets?|horses?|house|flat|apartment|garden|car|bike|allergy|"
    r"diabetes|asthma|degree|studio|company|business|shop|store)\b",
    re.IGNORECASE,
)
_TO_SOMEBODY: Final = re.compile(r"\byour\b", re.IGNORECASE)
_IS_A: Final = re.compile(r"\bI(?:['’]m| am) an? ")
_LETTERS: Final = re.compile(r"[^\W\d_]{2}")
_VAGUE: Final = re.compile(
    r"^(?:lots?|bit|bunch|things?|stuff|ones?|way|ways|time|ton|tons|it|this|that|them|these|those|something|idea|fan)\b",
    re.IGNORECASE,
)


def is_taste(predicate: str) -> bool:
    """Whether it says what somebody likes, or cannot have."""
    return predicate in TASTES or (predicate.startswith("favourite ") and predicate.endswith(" is"))


def is_telling(predicate: str, thing: str, sentence: str, *, count: int, is_named: bool) -> bool:
    """Whether a fact of a predicate and an object, stated so often, is worth telling."""
    if not _LETTERS.search(thing) or _VAGUE.match(thing) or _TO_SOMEBODY.search(thing):
        return False
    if is_single(predicate) or predicate.endswith(" is") or predicate in _LASTING or is_taste(predicate):
        return True
    if predicate not in _OFTEN:
        return count > 2 and is_named
    if predicate == "have":
        return bool(_POSSESSED.search(thing)) or (count > 1 and is_named)
    if predicate == "be":
        return bool(_IS_A.search(sentence))
    return count > 1
