"""Saving searches under a name, changing, using and forgetting them."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import User
from memories.drafts import clean_text
from memories.models import SavedSearch
from memories.query_language import parse
from memories.suggesting import forget
from memshadow.lib.clock import now
from memshadow.lib.crypto import keyed_hash
from memshadow.lib.errors import Conflict, PermissionRefused, ValidationFailed

NAME_MAX_CHARS = 80
QUERY_MAX_CHARS = 2000
SAVED_MAX = 200


def search_key(owner: User, name: str) -> bytes:
    """The keyed hash under which a saved search's name is found, whatever its case."""
    return keyed_hash(keyring(owner.id).name_key, "saved-search", name.casefold())


def save_search(*, owner: User, name: str, query: str) -> SavedSearch:
    """Save a query under a name.

    Raises ValidationFailed for a bad name or a query with a mistake, Conflict for a name in use or too many.
    """
    _may_write(owner)
    if SavedSearch.objects.filter(owner=owner).count() >= SAVED_MAX:
        raise Conflict(f"You have {SAVED_MAX} saved searches; delete one that you no longer use.")
    saved = SavedSearch(owner=owner)
    _name(saved, name)
    _ask(saved, query)
    return _stored(saved)


def edit_saved_search(*, saved: SavedSearch, name: str | None = None, query: str | None = None) -> SavedSearch:
    """Give it another name or query; None leaves that as it is. Raises as `save_search` does."""
    _may_write(saved.owner)
    if name is not None:
        _name(saved, name)
    if query is not None:
        _ask(saved, query)
    return _stored(saved)


def note_use(saved: SavedSearch) -> None:
    """It was opened just now."""
    SavedSearch.objects.filter(pk=saved.pk).update(last_used_at=now())


def delete_saved_search(*, saved: SavedSearch) -> None:
    """Forget it. The memories that it finds stay."""
    _may_write(saved.owner)
    saved.delete()
    forget(saved.owner_id)


def _may_write(owner: User) -> None:
    if not owner.may_write:
        raise PermissionRefused("A viewer cannot change saved searches; ask the owner for another role.")


def _name(saved: SavedSearch, name: str) -> None:
    name = " ".join(clean_text(name).split())
    if not name or len(name) > NAME_MAX_CHARS:
        raise ValidationFailed(f"Give the search a name of 1 to {NAME_MAX_CHARS} characters.", field="name")
    saved.name, saved.name_key = name, search_key(saved.owner, name)


def _ask(saved: SavedSearch, query: str) -> None:
    query = clean_text(query).strip()
    if not query or len(query) > QUERY_MAX_CHARS:
        raise ValidationFailed(f"A saved search has 1 to {QUERY_MAX_CHARS:,} characters.", field="query")
    errors = parse(query, timezone.localtime()).errors
    if errors:
        raise ValidationFailed(errors[0].message, field="query")
    saved.query = query


def _stored(saved: SavedSearch) -> SavedSearch:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as error:
        raise Conflict("You have a saved search with this name.", field="name") from error
    forget(saved.owner_id)
    return saved
