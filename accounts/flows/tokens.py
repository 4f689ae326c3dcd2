"""Signing a program in with a password: a short access token, and a refresh token that renews it once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from accounts.audit import Result, record
from accounts.flows.lending import scopes_to_lend
from accounts.flows.single_sign_on import refusal_of
from accounts.mfa.lockout import refuse_name_if_locked
from accounts.mfa.standing import standing_of
from accounts.mfa.verifying import check_code
from accounts.models import Token, TokenFamily, User
from accounts.permissions import scopes_of_role
from accounts.tokens import ACCESS, REFRESH, hash_secret, new_secret, prefix_of
from memshadow.lib import request_context
from memshadow.lib.clock import now
from memshadow.lib.errors import NotAuthenticated, NotFound, PermissionRefused, ValidationFailed

ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=30)
FAMILY_LIFETIME = timedelta(days=180)  # however often it is renewed: then the password is asked for again
_MARKS = {Token.Kind.ACCESS: ACCESS, Token.Kind.REFRESH: REFRESH}


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Two tokens at the one moment when their texts are known."""

    access: str
    refresh: str
    scopes: list[str]


def sign_in(
    request: HttpRequest, *, email: str, password: str, otp: str = "", scopes: Iterable[str] | None = None
) -> TokenPair:
    """Tokens for a person, with all scopes of their role or the given ones. `otp`: of their app, or a backup code.

    Raises NotAuthenticated, with the same words and after the same work, for an unknown person and a wrong password,
    and for a second factor that lacks or is wrong; TooManyAttempts for who guessed too often.
    """
    user = _person(request, email, password)
    _check_second_factor(request, user, otp)
    lent = scopes_to_lend(user, scopes if scopes is not None else scopes_of_role(user.role))
    context = request_context.current()
    with transaction.atomic():
        family = TokenFamily.objects.create(
            owner=user,
            scopes=lent,
            sign_in_hash=user.get_session_auth_hash(),
            agent=context.agent,
            address=context.address,
        )
        pair = _issue(family)
        record("token.issued", actor=user, target=family, scopes=lent)
    return pair


def _person(request: HttpRequest, email: str, password: str) -> User:
    refuse_name_if_locked(request, email)
    user = authenticate(request, username=email, password=password)
    if isinstance(user, User):
        return user
    refuse_name_if_locked(request, email)
    raise NotAuthenticated(refusal_of(request) or "That e-mail address and password do not belong together.")


def _check_second_factor(request: HttpRequest, user: User, otp: str) -> None:
    standing = standing_of(user)
    if standing.must_set_up:
        raise PermissionRefused(
            "This server asks for a second factor: set one up on the page Security, then try again."
        )
    if not standing.has_factor:
        return
    if not otp:
        message = "Send otp too: the six digits of your authenticator app, or a backup code."
        raise NotAuthenticated(message, second_factor="required")
    try:
        check_code(request, user=user, code=otp)
    except ValidationFailed as error:
        raise NotAuthenticated(error.message, second_factor="wrong") from None


def _issue(family: TokenFamily) -> TokenPair:
    access = _new(family, Token.Kind.ACCESS, ACCESS_LIFETIME)
    return TokenPair(access, _new(family, Token.Kind.REFRESH, REFRESH_LIFETIME), family.scopes)


def _new(family: TokenFamily, kind: Token.Kind, lifetime: timedelta) -> str:
    new, moment = new_secret(_MARKS[kind]), now()
    Token.objects.create(
        owner_id=family.owner_id,
        family=family,
        kind=kind,
        secret_hash=new.secret_hash,
        created_at=moment,
        expires_at=min(moment + lifetime, family.created_at + FAMILY_LIFETIME),
    )
    return new.text


def authenticate_access_token(text: str) -> TokenFamily | None:
    """The family of a usable access token whose person may still enter, else None."""
    token = _usable(text, Token.Kind.ACCESS)
    return token.family if token else None


def renew(*, text: str) -> TokenPair:
    """New tokens for a refresh token, which is worth nothing then.

    Raises NotAuthenticated for one that is unknown, expired or revoked, and for one that was used before: then somebody
    has a copy, and every token of its family ends.
    """
    token = _usable(text, Token.Kind.REFRESH)
    if token is None:
        raise NotAuthenticated("This refresh token is unknown, expired or revoked; sign in again.")
    with transaction.atomic():
        # Of two at once the second waits here for the first, and finds the token used.
        first = Token.objects.filter(pk=token.pk, used_at=None).update(used_at=now())
        pair = _issue(token.family) if first else None
        TokenFamily.objects.filter(pk=token.family_id).update(renewed_at=now())
    if pair is None:
        _end(token.family)
        record("token.reused", actor=token.family.owner, target=token.family, result=Result.REFUSED)
        raise NotAuthenticated("This refresh token was used before, so all tokens of this sign-in end; sign in again.")
    return pair


def revoke(*, text: str) -> None:
    """End the sign-in that an access or refresh token belongs to. Nothing happens for any other text."""
    token = _stored(text, Token.Kind.REFRESH) or _stored(text, Token.Kind.ACCESS)
    if token is not None and _end(token.family):
        record("token.revoked", actor=token.family.owner, target=token.family)


def signed_in_programs(owner: User) -> list[TokenFamily]:
    """The sign-ins of programs that can still be renewed, newest first."""
    alive = Token.objects.filter(family=OuterRef("pk"), used_at=None, expires_at__gt=now())
    return list(TokenFamily.objects.filter(Exists(alive), owner=owner, revoked_at=None).order_by("-created_at"))


def revoke_program(*, owner: User, family_id: UUID) -> None:
    """Sign one of one's own programs out. Raises NotFound for any other."""
    family = TokenFamily.objects.filter(id=family_id, owner=owner).first()
    if family is None or not _end(family):
        raise NotFound("There is no signed-in program of yours with this id.")
    record("token.revoked", actor=owner, target=family)


def revoke_programs(owner: User) -> None:
    """Sign all programs of a person out."""
    TokenFamily.objects.filter(owner=owner, revoked_at=None).update(revoked_at=now())


def prune_tokens() -> int:
    """Remove tokens that have expired, and families of which nothing is left; returns how many tokens."""
    pruned, _ = Token.objects.filter(expires_at__lte=now()).delete()
    left = Token.objects.filter(family=OuterRef("pk"))
    TokenFamily.objects.filter(~Exists(left)).delete()
    return pruned


def _end(family: TokenFamily) -> bool:
    return bool(TokenFamily.objects.filter(pk=family.pk, revoked_at=None).update(revoked_at=now()))


def _stored(text: str, kind: Token.Kind) -> Token | None:
    if prefix_of(text, _MARKS[kind]) is None:
        return None
    rows = Token.objects.select_related("family__owner")
    return rows.filter(secret_hash=hash_secret(text), kind=kind).first()


def _usable(text: str, kind: Token.Kind) -> Token | None:
    """The token, unless it, its family or its person's right to enter has ended; used ones are found."""
    token = _stored(text, kind)
    if token is None or token.expires_at <= now() or token.family.revoked_at is not None:
        return None
    owner = token.family.owner
    unchanged = secrets.compare_digest(token.family.sign_in_hash, owner.get_session_auth_hash())
    return token if owner.is_active and unchanged else None
