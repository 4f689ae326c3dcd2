"""Who does what to whom: what sentences state, with negation, modality and time, by their dependency parse."""

from enrichment.relations._modality import MODALITIES, modality_label
from enrichment.relations._phrases import is_own
from enrichment.relations._predicates import is_single, normal_predicate, shown_predicate
from enrichment.relations._statement import SPEAKER, Phrase, Statement

__all__ = [
    "MODALITIES",
    "SPEAKER",
    "Phrase",
    "Statement",
    "is_own",
    "is_single",
    "modality_label",
    "normal_predicate",
    "shown_predicate",
]
