"""The JSON API of accounts: who am I, and API keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from ninja import Router
from ninja.responses import Status

from accounts.flows import api_keys
from accounts.models import ApiKey
from accounts.schemas import ApiKeyIn, ApiKeyOut, ApiKeyPageOut, MeOut, NewApiKeyOut
from accounts.scopes import ApiRequest, scope
from memshadow.lib.clock import now
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Account"])


@router.get("/me", auth=scope("read"), response=MeOut)
def get_me(request: ApiRequest) -> MeOut:
    """Tell who the request acts for, and with which scopes."""
    return MeOut.of(request.auth)


@router.get("/api-keys", auth=scope("admin"), response=ApiKeyPageOut)
def list_api_keys(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> ApiKeyPageOut:
    """List API keys, newest first, the revoked ones too."""
    page = paginate(ApiKey.objects.filter(owner=request.auth.owner), cursor=query.cursor, limit=query.limit)
    return ApiKeyPageOut(items=[ApiKeyOut.of(key) for key in page.items], next_cursor=page.next_cursor)


@router.post("/api-keys", auth=scope("admin"), response={201: NewApiKeyOut})
def create_api_key(request: ApiRequest, wanted: ApiKeyIn) -> Status[NewApiKeyOut]:
    """Make an API key. Its text is in this answer and nowhere else, ever."""
    expires_in = wanted.expires_at - now() if wanted.expires_at else None
    if expires_in is not None and expires_in.total_seconds() <= 0:
        raise ValidationFailed("expires_at lies in the past; choose a time to come.", field="expires_at")
    key, text = api_keys.create_api_key(
        owner=request.auth.owner, name=wanted.name, scopes=wanted.scopes, expires_in=expires_in
    )
    return Status(201, NewApiKeyOut(**ApiKeyOut.of(key).model_dump(), key=text))


@router.delete("/api-keys/{uuid:key_id}", auth=scope("admin"), response={204: None})
def revoke_api_key(request: ApiRequest, key_id: UUID) -> Status[None]:
    """Make an API key worthless at once."""
    api_keys.revoke_api_key(owner=request.auth.owner, key_id=key_id)
    return Status(204, None)
