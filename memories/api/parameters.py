"""Parameters that several operations share: the filter, the page, and who changes something."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from accounts.scopes import ApiRequest
from memories.filters import MemoryFilter
from memories.models import State
from memories.schemas import KindName, RoleName, StateName
from memories.services.revising import By
from memshadow.lib.strict import Moment, PageQuery, StrictModel

FindingName = Literal["secret", "suspicious"]
_NAMES = {
    "state": "states",
    "kind": "kinds",
    "role": "roles",
    "source": "sources",
    "tag": "tags_any",
    "tag_all": "tags_all",
    "persona": "persona_id",
    "conversation": "conversation_id",
    "tag_none": "tags_none",
    "kind_none": "kinds_none",
    "role_none": "roles_none",
    "source_none": "sources_none",
}


class FilterIn(StrictModel):
    """Which memories. What is left out does not narrow; lists are alternatives (repeat the parameter)."""

    kind: list[KindName] = Field(default=[], max_length=20)
    role: list[RoleName] = Field(default=[], max_length=20)
    source: list[str] = Field(default=[], max_length=50, description="Such as `import:chatgpt`.")
    tag: list[str] = Field(default=[], max_length=50, description="Carries any of these.")
    tag_all: list[str] = Field(default=[], max_length=50, description="Carries all of these.")
    tag_none: list[str] = Field(default=[], max_length=50, description="Carries none of these.")
    kind_none: list[KindName] = Field(default=[], max_length=20)
    role_none: list[RoleName] = Field(default=[], max_length=20)
    source_none: list[str] = Field(default=[], max_length=50)
    persona: UUID | None = None
    conversation: UUID | None = None
    after: Moment | None = Field(default=None, description="Occurred at this moment or later.")
    before: Moment | None = Field(default=None, description="Occurred earlier than this moment.")
    state: list[StateName] = Field(default=[], max_length=4, description="Only `active` when left out.")
    pinned: bool | None = None
    has: list[FindingName] = Field(
        default=[],
        max_length=2,
        description="`secret`: screening found one in the text; `suspicious`: it addresses a model.",
    )

    sealed: bool | None = Field(default=None, description="Only what its owner sealed, or only what not.")

    def wanted(self, *, any_state: bool = False) -> MemoryFilter:
        """As selectors and search take it. Without a state: active ones, or with `any_state` all."""
        parts: dict[str, Any] = {}
        for name in FilterIn.model_fields:
            value = getattr(self, name)
            parts[_NAMES.get(name, name)] = tuple(value) if isinstance(value, list) else value
        if not self.state:
            parts["states"] = tuple(State.values) if any_state else (State.ACTIVE.value,)
        return MemoryFilter(**parts)


MaskSecrets = Annotated[
    bool, Field(description="Put a dot for each character of a secret in the text, such as for a prompt.")
]


class MemoryQuery(PageQuery, FilterIn):
    """A page of the memories that pass a filter."""

    mask_secrets: MaskSecrets = False

    order_by: Literal["occurred_at", "created_at", "updated_at"] = Field("occurred_at", description="Newest first.")


def by(request: ApiRequest, reason: str = "") -> By:
    """Who changes something through the API, for the revision."""
    return By(actor=request.auth.person, via="api", reason=reason)
