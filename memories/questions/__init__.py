"""Understanding questions and texts, language by language: who is named, what is asked, which times are meant."""

from memories.questions._person import first_person, names_in

__all__ = ["first_person", "names_in"]
