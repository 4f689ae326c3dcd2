"""Who said things: the authors that an owner's memories name, found by hopping along an index of their keyed hashes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from accounts.models import User
from accounts.sealed import opened_texts
from memories.models import Memory

PEOPLE_MAX = 500

# One memory of each author: the index gives the next greater key at once, so that a million rows take no longer.
_ONE_EACH = """
WITH RECURSIVE hop AS (
  (SELECT author_key, id, author_sealed FROM memories_memory
   WHERE owner_id = %(owner)s AND author_key <> ''::bytea ORDER BY author_key LIMIT 1)
  UNION ALL
  SELECT following.author_key, following.id, following.author_sealed FROM hop, LATERAL (
    SELECT author_key, id, author_sealed FROM memories_memory
    WHERE owner_id = %(owner)s AND author_key <> ''::bytea AND author_key > hop.author_key ORDER BY author_key LIMIT 1
  ) following
)
SELECT id, author_sealed FROM hop LIMIT %(most)s
"""


def people_for(owner: User) -> list[str]:
    """The names of up to PEOPLE_MAX authors, in alphabetical order."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_EACH, {"owner": owner.id, "most": PEOPLE_MAX})
        rows = cursor.fetchall()
    return sorted((name for _, name in opened_texts(Memory, "author", owner.id, rows)), key=str.casefold)


def people_named(owner: User, names: Sequence[str]) -> list[str]:
    """The authors that the names mean: those called so, else those of whose words these are some (Anna: Anna Berg)."""
    known = people_for(owner)
    found: list[str] = []
    for name in names:
        words = set(name.casefold().split())
        exactly = [person for person in known if person.casefold() == name.casefold()]
        found += exactly or [person for person in known if words <= set(person.casefold().split())]
    return list(dict.fromkeys(found))
