"""What goes in and out of the JSON API about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from pydantic import BaseModel, Field

from accounts.models import ApiKey
from accounts.scopes import Access
from memshadow.lib.strict import Moment, StrictModel

ScopeName = Literal["read", "write", "admin"]


class ApiKeyIn(StrictModel):
    """A key to make."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[ScopeName] = Field(min_length=1, max_length=3)
    expires_at: Moment | None = Field(default=None, description="Never when left out.")


class ApiKeyOut(BaseModel):
    """An API key, without its text."""

    id: UUID
    name: str
    prefix: str = Field(description="How the key begins, after msh_.")
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyOut:
        """From a row."""
        return cls(**{name: getattr(key, name) for name in ApiKeyOut.model_fields})


class NewApiKeyOut(ApiKeyOut):
    """A new API key with its text, which is never shown again."""

    key: str


class ApiKeyPageOut(BaseModel):
    """A page of API keys."""

    items: list[ApiKeyOut]
    next_cursor: str | None


class KeyInUseOut(BaseModel):
    """The key of this very request."""

    id: UUID
    name: str
    expires_at: datetime | None


class MeOut(BaseModel):
    """Who the request acts for, and what it may do."""

    id: UUID
    email: str
    display_name: str
    role: Literal["owner", "administrator", "member", "viewer"]
    created_at: datetime
    scopes: list[ScopeName]
    api_key: KeyInUseOut | None = Field(description="Null with a session.")

    @classmethod
    def of(cls, access: Access) -> MeOut:
        """From an authenticated request."""
        key, user = access.key, access.owner
        return cls(
            **{name: getattr(user, name) for name in ("id", "email", "display_name", "role", "created_at")},
            scopes=[cast(ScopeName, name) for name in sorted(access.scopes)],
            api_key=KeyInUseOut(id=key.id, name=key.name, expires_at=key.expires_at) if key else None,
        )
