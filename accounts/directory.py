"""Signing in with the password of an organisation's directory (LDAP), asked by django-auth-ldap at the usual form."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import ldap
from django.conf import settings
from django.http import HttpRequest
from django_auth_ldap.backend import LDAPBackend, ldap_error
from django_auth_ldap.config import LDAPSearch

from accounts.flows.single_sign_on import Claims, directory_issuer, note_refusal, person_of, refusal_of
from accounts.models import User
from accounts.models.user import normalise_email
from memshadow.lib.errors import MemshadowError

_CONNECT_S, _ANSWER_S = 5, 10
_DOWN = "The directory of your organisation does not answer. Try again in a moment."


class DirectoryBackend(LDAPBackend):  # type: ignore[misc]  # the package has no types
    """After this server's own passwords: lockout, trail, second factor and sessions are those of every sign-in."""

    @property
    def default_settings(self) -> dict[str, Any]:
        """What django-auth-ldap is told, from MEMSHADOW_LDAP_*."""
        return {
            "SERVER_URI": settings.LDAP_URL,
            "START_TLS": settings.LDAP_TLS and urlsplit(settings.LDAP_URL).scheme == "ldap",
            "BIND_DN": settings.LDAP_BIND_DN,
            "BIND_PASSWORD": settings.LDAP_BIND_PASSWORD,
            "CONNECTION_OPTIONS": _connection_options(),
            "USER_SEARCH": LDAPSearch(
                settings.LDAP_SEARCH_BASE,
                ldap.SCOPE_SUBTREE,
                settings.LDAP_FILTER,
                ["mail", settings.LDAP_NAME_ATTRIBUTE, settings.LDAP_ID_ATTRIBUTE],
            ),
            "ALWAYS_UPDATE_USER": False,
        }

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The active person with this address and password in the directory, or None."""
        email = username if username is not None else kwargs.get("email")
        user: User | None = super().authenticate(request, username=normalise_email(email or ""), password=password)
        return user

    def authenticate_ldap_user(self, ldap_user: Any, password: str) -> User | None:
        """None, with the reason noted for the form, for who is right there and has no business here.

        A name that is not in the directory costs the same round trips as one that is, so that time does not tell; nor
        do words, whatever the server answers to a name that it does not have.
        """
        request = ldap_user._request
        is_there = ldap_user.dn is not None
        if not is_there:
            if refusal_of(request):
                return None  # it is down
            ldap_user._user_dn = f"uid={secrets.token_hex(8)},{settings.LDAP_SEARCH_BASE}"
        try:
            user: User | None = super().authenticate_ldap_user(ldap_user, password)
        except MemshadowError as error:
            note_refusal(request, error.message)
            return None
        if not is_there:
            note_refusal(request, "")
        return user if is_there else None

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[User, bool]:
        """Whose account it is, by the directory's lasting id. Never 'built': making accounts is our own journey."""
        addresses = [normalise_email(str(address)) for address in ldap_user.attrs.get("mail", [])]
        names = ldap_user.attrs.get(settings.LDAP_NAME_ATTRIBUTE) or [""]
        claims = Claims(
            issuer=directory_issuer(),
            provider="Your organisation's directory",
            subject=_lasting_id(ldap_user.attrs.get(settings.LDAP_ID_ATTRIBUTE, [])),
            email=username if username in addresses else "".join(addresses[:1]),
            email_verified=True,
            opens_accounts=settings.LDAP_TRUSTS_EMAIL,
            name=str(names[0]),
        )
        return person_of(claims), False


def _lasting_id(values: list[str | bytes]) -> str:
    """The entry's id as text: Active Directory's is 16 bytes, which only look like text by chance."""
    if not values or not values[0]:
        raise MemshadowError(
            f"Your entry in the directory has no {settings.LDAP_ID_ATTRIBUTE}; tell who runs this server."
        )
    value = values[0]
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    return (value.encode() if isinstance(value, str) else value).hex()


def _connection_options() -> dict[int, Any]:
    options: dict[int, Any] = {
        ldap.OPT_NETWORK_TIMEOUT: _CONNECT_S,
        ldap.OPT_TIMEOUT: _ANSWER_S,
        ldap.OPT_REFERRALS: 0,  # they lead to servers that nobody named, with the password
    }
    if settings.LDAP_TLS:
        options[ldap.OPT_X_TLS_REQUIRE_CERT] = ldap.OPT_X_TLS_DEMAND
        options[ldap.OPT_X_TLS_PROTOCOL_MIN] = ldap.OPT_X_TLS_PROTOCOL_TLS1_2
        if settings.LDAP_CA_FILE:
            options[ldap.OPT_X_TLS_CACERTFILE] = str(settings.LDAP_CA_FILE)
        options[ldap.OPT_X_TLS_NEWCTX] = 0  # last: it puts the ones before into force
    return options


def _note_down(request: HttpRequest | None = None, **_: Any) -> None:
    note_refusal(request, _DOWN)


ldap_error.connect(_note_down, dispatch_uid="directory-down")
