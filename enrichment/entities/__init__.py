"""What a text names: people, places and organisations by its language's pipeline, everything exact by patterns."""

from enrichment.entities._found import Found
from enrichment.entities._kinds import EXACT_KINDS, KINDS, NAME_KINDS, THING_KINDS, label
from enrichment.entities._known import is_nobody
from enrichment.entities._names import spacy_kind

__all__ = ["EXACT_KINDS", "KINDS", "NAME_KINDS", "THING_KINDS", "Found", "is_nobody", "label", "spacy_kind"]
