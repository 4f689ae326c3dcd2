"""The JSON API of accounts: who am I, API keys, and tokens for a password."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from accounts.api.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    ApiKeyPageOut,
    MeOut,
    NewApiKeyOut,
    RefreshIn,
    RevokeIn,
    RotateIn,
    SignInIn,
    TokensOut,
)
from accounts.flows import api_keys, tokens
from accounts.limits.charging import attempt_succeeded, charge_attempt
from accounts.models import ApiKey
from accounts.scopes import ApiRequest, NoSignIn, scope
from memshadow.lib.paging import paginate
from memshadow.lib.strict import PageQuery, StrictQuery

router = Router(tags=["Account"])


@router.get("/me", auth=scope("any"), response=MeOut)
def get_me(request: ApiRequest) -> MeOut:
    """Tell who the request acts for, and with which scopes."""
    return MeOut.of(request.auth)


@router.get("/api-keys", auth=scope("account"), response=ApiKeyPageOut)
def list_api_keys(request: ApiRequest, query: Annotated[PageQuery, StrictQuery(...)]) -> ApiKeyPageOut:
    """List API keys, newest first, the revoked ones too."""
    page = paginate(ApiKey.objects.filter(owner=request.auth.person), cursor=query.cursor, limit=query.limit)
    return ApiKeyPageOut(items=[ApiKeyOut.of(key) for key in page.items], next_cursor=page.next_cursor)


@router.post("/api-keys", auth=scope("account"), response={201: NewApiKeyOut})
def create_api_key(request: ApiRequest, wanted: ApiKeyIn) -> Status[NewApiKeyOut]:
    """Make an API key. Its text is in this answer and nowhere else, ever."""
    key, text = api_keys.create_api_key(
        owner=request.auth.person,
        name=wanted.name,
        scopes=wanted.scopes,
        expires_in=wanted.expires_in(),
        allowed_addresses=wanted.allowed_addresses,
        requests_per_minute=wanted.requests_per_minute,
        lender=request.auth.scopes,
    )
    return Status(201, NewApiKeyOut.made(key, text))


@router.post("/api-keys/{uuid:key_id}/rotate", auth=scope("account"), response=NewApiKeyOut)
def rotate_api_key(request: ApiRequest, key_id: UUID, wanted: RotateIn) -> NewApiKeyOut:
    """Give a key a new text, shown once; the old one works a while longer, or ends at once."""
    key, text = api_keys.rotate_api_key(
        owner=request.auth.person,
        key_id=key_id,
        grace=timedelta(hours=wanted.grace_hours),
        lender=request.auth.scopes,
    )
    return NewApiKeyOut.made(key, text)


@router.delete("/api-keys/{uuid:key_id}", auth=scope("account"), response={204: None})
def revoke_api_key(request: ApiRequest, key_id: UUID) -> Status[None]:
    """Make an API key worthless at once."""
    api_keys.revoke_api_key(owner=request.auth.person, key_id=key_id)
    return Status(204, None)


@router.post("/auth/token", auth=NoSignIn(), response=TokensOut)
def sign_in(request: HttpRequest, person: SignInIn) -> TokensOut:
    """Sign a program in with an e-mail address and a password; its tokens work wherever an API key does.

    Who has a second factor is answered 401 with `second_factor: required` until `otp` comes too.
    """
    charge_attempt(request, person.user)
    pair = tokens.sign_in(request, email=person.user, password=person.password, otp=person.otp, scopes=person.scopes)
    attempt_succeeded(request)
    return TokensOut.of(pair)


@router.post("/auth/refresh", auth=NoSignIn(), response=TokensOut)
def refresh_tokens(request: HttpRequest, given: RefreshIn) -> TokensOut:
    """Renew both tokens. A refresh token works once; using it again ends every token of its sign-in."""
    return TokensOut.of(tokens.renew(text=given.refresh_token))


@router.post("/auth/revoke", auth=NoSignIn(), response={204: None})
def revoke_tokens(request: HttpRequest, given: RevokeIn) -> Status[None]:
    """End the sign-in that a token belongs to. The answer is the same for a token that is unknown."""
    tokens.revoke(text=given.token)
    return Status(204, None)
