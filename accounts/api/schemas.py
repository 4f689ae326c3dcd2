"""What goes in and out of the JSON API about accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, Field

from accounts.flows.api_keys import LIFETIME
from accounts.flows.tokens import ACCESS_LIFETIME, REFRESH_LIFETIME, TokenPair
from accounts.models import ApiKey
from accounts.scopes import Access
from accounts.spaces.membership import Membership
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.strict import Flag, Moment, StrictModel

ScopeName = Literal["memories:read", "memories:write", "memories:delete", "enrich", "export", "gateway", "admin"]
GivenScope = Literal[ScopeName, "memories:*", "*"]
WantedScope = Literal[GivenScope, "read", "write"]
Network = Annotated[str, Field(max_length=60, examples=["203.0.113.7", "10.0.0.0/8", "2001:db8::/32"])]


class ApiKeyIn(StrictModel):
    """A key to make."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[WantedScope] = Field(
        min_length=1, max_length=12, description="`read` and `write` are the short names of the first releases."
    )
    expires_at: Moment | None = Field(default=None, description="When it ends; in 90 days when left out.")
    never_expires: Flag = Field(default=False, description="It does not end by itself. Only when you say so.")
    allowed_addresses: list[Network] = Field(
        default=[], max_length=20, description="Addresses and networks that it works from; any when empty."
    )
    requests_per_minute: int | None = Field(
        default=None, ge=1, le=100_000, description="Instead of the server's own limit."
    )

    def expires_in(self) -> timedelta | None:
        """The wanted lifetime; None for ever. Raises ValidationFailed for a moment in the past."""
        if self.expires_at is None:
            return None if self.never_expires else LIFETIME
        if self.never_expires:
            raise ValidationFailed("Send either expires_at or never_expires, not both.", field="never_expires")
        if self.expires_at <= now():
            raise ValidationFailed("expires_at lies in the past; choose a time to come.", field="expires_at")
        return self.expires_at - now()


class RotateIn(StrictModel):
    """How to change a key's text."""

    grace_hours: int = Field(default=24, ge=0, le=168, description="How long the old text works too; 0 ends it now.")


class ApiKeyOut(BaseModel):
    """An API key, without its text."""

    id: UUID
    name: str
    prefix: str = Field(description="How the key begins, after msh_.")
    scopes: list[GivenScope]
    allowed_addresses: list[str] = Field(description="Networks that it works from; empty: any.")
    requests_per_minute: int | None = Field(description="Null: the server's own limit.")
    created_at: datetime
    rotated_at: datetime | None
    expires_at: datetime | None
    old_secret_until: datetime | None = Field(description="Until when the text before the rotation works.")
    last_used_at: datetime | None
    last_used_address: str | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyOut:
        """From a row."""
        return cls(**{name: getattr(key, name) for name in ApiKeyOut.model_fields})


class NewApiKeyOut(ApiKeyOut):
    """A new API key with its text, which is never shown again."""

    key: str

    @classmethod
    def made(cls, key: ApiKey, text: str) -> NewApiKeyOut:
        """From a row and the text that it does not hold."""
        return cls(**ApiKeyOut.of(key).model_dump(), key=text)


class ApiKeyPageOut(BaseModel):
    """A page of API keys."""

    items: list[ApiKeyOut]
    next_cursor: str | None


class SignInIn(StrictModel):
    """A person who signs a program in."""

    user: str = Field(min_length=1, max_length=254, description="The e-mail address.")
    password: str = Field(min_length=1, max_length=4096)
    otp: str = Field(default="", max_length=40, description="For who has a second factor: a code, or a backup code.")
    scopes: list[WantedScope] | None = Field(
        default=None, min_length=1, max_length=12, description="All of the person's role when left out."
    )


class RefreshIn(StrictModel):
    """Renewing."""

    refresh_token: str = Field(max_length=200)


class RevokeIn(StrictModel):
    """Signing out."""

    token: str = Field(max_length=200, description="An access or refresh token.")


class TokensOut(BaseModel):
    """An access token, and a refresh token that renews it once."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in_s: int
    refresh_token: str
    refresh_expires_in_s: int
    scopes: list[GivenScope]

    @classmethod
    def of(cls, pair: TokenPair) -> TokensOut:
        """From tokens that were just made."""
        return cls(
            access_token=pair.access,
            token_type="Bearer",  # noqa: S106 - the name of the scheme
            expires_in_s=int(ACCESS_LIFETIME.total_seconds()),
            refresh_token=pair.refresh,
            refresh_expires_in_s=int(REFRESH_LIFETIME.total_seconds()),
            scopes=[cast(GivenScope, name) for name in pair.scopes],
        )


class KeyInUseOut(BaseModel):
    """The key of this very request."""

    id: UUID
    name: str
    expires_at: datetime | None


class SpaceInUseOut(BaseModel):
    """The space whose memories a request is about, and the person's role in it."""

    id: UUID
    name: str
    role: Literal["manager", "editor", "reader"]

    @classmethod
    def of(cls, membership: Membership) -> SpaceInUseOut:
        """From the person's membership."""
        return cls(id=membership.space.id, name=membership.space.name, role=membership.role)  # type: ignore[arg-type]


class MeOut(BaseModel):
    """Who the request acts for, and what it may do."""

    id: UUID
    email: str
    display_name: str
    role: Literal["owner", "administrator", "member", "viewer"]
    created_at: datetime
    scopes: list[ScopeName]
    api_key: KeyInUseOut | None = Field(description="Null with a session.")
    space: SpaceInUseOut | None = Field(
        description="The space whose memories the request is about; null without X-Memshadow-Space."
    )

    @classmethod
    def of(cls, access: Access) -> MeOut:
        """From an authenticated request."""
        key, user, space = access.key, access.person, access.space
        return cls(
            **{name: getattr(user, name) for name in ("id", "email", "display_name", "role", "created_at")},
            scopes=[cast(ScopeName, name) for name in sorted(access.scopes)],
            api_key=KeyInUseOut(id=key.id, name=key.name, expires_at=key.expires_at) if key else None,
            space=SpaceInUseOut.of(space) if space else None,
        )
