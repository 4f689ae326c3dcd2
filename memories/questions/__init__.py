"""Understanding questions and texts, language by language: who is named, what is asked, which times are meant."""

from memories.questions._acronyms import acronym_pairs
from memories.questions._cues import Asked, Cue, asked, holds
from memories.questions._names import proper_names
from memories.questions._person import first_person, names_in
from memories.questions._times import Anchored, TimeSpan, anchored, time_spans

__all__ = [
    "Anchored",
    "Asked",
    "Cue",
    "TimeSpan",
    "acronym_pairs",
    "anchored",
    "asked",
    "first_person",
    "holds",
    "names_in",
    "proper_names",
    "time_spans",
]
