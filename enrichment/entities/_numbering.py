"""What the words before a dotted number say it is: a version, or a chapter, and so no address."""

from __future__ import annotations

import re
from typing import Final

from enrichment.entities._words import alternatives

_VERSION_WORD: Final = re.compile(
    rf"(?<!\w)(?:{alternatives('version')})\.?:?\s{{0,2}}(?:(?:is|to|from|auf|von|number|no\.|#|=|at)\s)?[\"'(`=]?$",
    re.IGNORECASE,
)
_NUMBERING: Final = re.compile(
    rf"(?:(?<!\w)(?:{alternatives('numbering')})\.?|§{{1,2}})\s{{0,2}}[\"'(]?$", re.IGNORECASE
)


def is_version_word(before: str) -> bool:
    """Whether a text that ends so goes on with a version."""
    return bool(_VERSION_WORD.search(before))


def is_numbering(before: str) -> bool:
    """Whether a text that ends so goes on with the number of a part of a document."""
    return bool(_NUMBERING.search(before))
