"""Where the database holds anything of a person: every row of every model that refers to one, found by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, CompositePrimaryKey, Field, Model, Q, QuerySet, UUIDField

from accounts.models import AccountErasure, AuditEvent, User
from accounts.sealed import sealed_columns

# Kept after an erasure, without content: proof of what was done. docs/privacy.md says so.
KEPT: tuple[type[Model], ...] = (AuditEvent, AccountErasure)
# Values that open something, or only check it: they are nobody's to read, not even their owner's.
_SECRET_WORDS = ("password", "secret", "token", "hash", "session_key", "session_data", "mac", "seed", "private")
_COPY = 500


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A model and those of its columns that name a person."""

    model: type[Model]
    columns: tuple[str, ...]

    @property
    def is_owned(self) -> bool:
        """Rows of one owner, which go with them; else rows that only mention a person."""
        return "owner_id" in self.columns

    def rows(self, user_id: UUID) -> QuerySet[Model]:
        """This person's."""
        wanted = Q()
        for column in self.columns:
            wanted |= Q(**{column: user_id})
        return self.model._base_manager.filter(wanted)


def personal_tables() -> list[PersonalTable]:
    """Every table that refers to a person, in a fixed order."""
    found = []
    for model in apps.get_models():
        columns = tuple(field.attname for field in model._meta.concrete_fields if _names_a_person(model, field))
        if columns and model is not User:
            found.append(PersonalTable(model, columns))
    return sorted(found, key=lambda table: table.model._meta.label_lower)


def _names_a_person(model: type[Model], field: Field[Any, Any]) -> bool:
    if field.related_model is User:
        return True
    return isinstance(field, UUIDField) and field.attname in ("owner_id", "user_id", "account_id", "asked_by_id")


def remaining(user_id: UUID) -> dict[str, int]:
    """How many rows still name this person, by model, apart from what is kept on purpose; empty when none do."""
    counts = {
        table.model._meta.label_lower: table.rows(user_id).count()
        for table in personal_tables()
        if table.model not in KEPT
    }
    counts[User._meta.label_lower] = User.objects.filter(id=user_id).count()
    return {label: count for label, count in counts.items() if count}


def exported_tables() -> list[PersonalTable]:
    """The tables that hold something of their own; what is computed from others (the search index) is left out."""
    return [t for t in personal_tables() if not isinstance(t.model._meta.pk, CompositePrimaryKey)]


def readable_rows(table: PersonalTable, user_id: UUID) -> Iterator[dict[str, Any]]:
    """The person's rows of one table as JSON-able dicts: sealed values opened, secrets and hashes left out."""
    names = (place.column.removesuffix("_sealed") for place in sealed_columns() if place.model is table.model)
    opened = [name for name in names if not _is_secret(name) and not name.endswith("api_key")]
    plain = [field for field in table.model._meta.concrete_fields if _is_readable(field)]
    for row in table.rows(user_id).order_by("pk").iterator(chunk_size=_COPY):
        values = {field.attname: field.value_from_object(row) for field in plain}
        yield values | {name: getattr(row, name) for name in opened}


def _is_readable(field: Field[Any, Any]) -> bool:
    stored = getattr(field, "base_field", field)  # of an array: what it holds
    return not isinstance(stored, BinaryField) and not _is_secret(field.name)


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET_WORDS)


def as_json(value: object) -> str:
    """One line of JSON."""
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
