"""Who may talk through the gateway, and with which server: asked of the database, or remembered while that is away."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from accounts.models import User
from accounts.scopes import Access, access_by_key
from memories.gateway import remembered
from memories.gateway.limits import check_limits, limits_on
from memories.gateway.refusals import GatewayRefused
from memories.models import GatewayUpstream
from memshadow.lib.errors import NotAuthenticated, PermissionRefused

_UPSTREAMS = "SELECT * FROM memories_gatewayupstream WHERE owner_id = %s ORDER BY is_default DESC, created_at"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server that the person named."""

    name: str
    provider: str
    base_url: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose chat it is. `owner` is None while the database is away: nothing is read then, and written later.

    `limited`: there are limits, so that calls under way must be counted.
    """

    owner_id: UUID
    owner: User | None
    key_id: UUID | None = None
    may_read: bool = False
    may_write: bool = False
    limited: bool = False
    upstreams: tuple[Upstream, ...] = ()

    def upstream(self, provider: str, name: str = "") -> Upstream | None:
        """The one of that name, else the provider's default. Raises GatewayRefused for an unknown name."""
        if name:
            found = next((one for one in self.upstreams if one.name.casefold() == name.casefold()), None)
            if found is None:
                raise GatewayRefused(f"You have no model server named “{name[:60]}”; see Gateway in the dashboard.")
            return found
        return next((one for one in self.upstreams if one.provider == provider), None)


def admit(request: HttpRequest, key: str) -> Caller:
    """The caller, counted and within their limits; remembered for later.

    Raises NotAuthenticated, PermissionRefused, RateLimited or UsedUp, and DatabaseError when there is no database.
    """
    try:
        access = access_by_key(request, key, "gateway")
    except (NotAuthenticated, PermissionRefused):
        remembered.forget(key)
        raise
    caller = caller_of(access)
    remembered.remember(key, _facts(caller))
    return caller


def caller_of(access: Access) -> Caller:
    """Who asks, within their limits, with their servers. Raises UsedUp."""
    key_id = access.key.id if access.key else None
    limited = check_limits(limits_on(access.owner.id, key_id))
    rows = GatewayUpstream.objects.raw(_UPSTREAMS, [access.owner.id])
    return Caller(
        owner_id=access.owner.id,
        owner=access.owner,
        key_id=key_id,
        may_read="memories:read" in access.scopes,
        may_write="memories:write" in access.scopes,
        limited=limited,
        upstreams=tuple(Upstream(row.name, row.provider, row.base_url, row.api_key) for row in rows),
    )


def _facts(caller: Caller) -> dict[str, Any]:
    return {
        "owner_id": str(caller.owner_id),
        "key_id": str(caller.key_id) if caller.key_id else None,
        "may_write": caller.may_write,
        "upstreams": [asdict(one) for one in caller.upstreams],
    }


def recalled(key: str) -> Caller | None:
    """The caller as the gateway knew them within the last hour, without their memories; None for a stranger."""
    facts: dict[str, Any] | None = remembered.recall(key)
    if facts is None:
        return None
    return Caller(
        owner_id=UUID(facts["owner_id"]),
        owner=None,
        key_id=UUID(facts["key_id"]) if facts["key_id"] else None,
        may_write=facts["may_write"],
        upstreams=tuple(Upstream(**one) for one in facts["upstreams"]),
    )
