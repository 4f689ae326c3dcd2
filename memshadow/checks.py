"""The project's numbered system checks: mistakes in settings and in the database, each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from accounts.server_keys import verify
from memshadow.database_health import DatabaseUnsuitable, problems, read_facts
from memshadow.lib.errors import Unavailable
from memshadow.row_security import shortfall
from memshadow.settings.env import env


@register(Tags.database)
def database_suits(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """memshadow.E001-E005: the PostgreSQL server has what the product needs. Runs with `check --database`."""
    if not databases:
        return []
    try:
        found = problems(read_facts())
    except DatabaseUnsuitable as error:
        return [Error(error.message, id="memshadow.E005")]
    return [Error(problem.message, hint=problem.remedy, id=problem.number) for problem in found]


@register(Tags.database)
def master_key_fits(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """memshadow.E006: the master key is the one that this database was made with. Runs with `check --database`."""
    if not databases:
        return []
    try:
        verify()
    except DatabaseError:
        return []  # E005 says so
    except Unavailable as error:
        return [Error(error.message, id="memshadow.E006")]
    return []


@register(Tags.database)
def rows_are_walled(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """memshadow.W003: people's requests run as a role that row security binds. Runs with `check --database`."""
    if not databases:
        return []
    try:
        remedy = shortfall()
    except DatabaseError:
        return []  # E005 says so
    if remedy is None:
        return []
    message = "The second wall is down: this database has no role for people's requests, so row security binds nobody."
    return [Warning(message, hint=remedy, id="memshadow.W003")]


@register(Tags.security)
def secrets_outlive_the_machine(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """memshadow.W001: with an external database the keys must not live on a disk that a deploy replaces."""
    if env.database_url is None or env.master_key or env.master_key_file or env.master_key_command:
        return []
    return [
        Warning(
            f"DATABASE_URL is set, but the master key is a file in {env.data_dir}.",
            hint="If that folder does not survive a deploy, every memory becomes unreadable: keep it on a "
            "volume, or set MEMSHADOW_MASTER_KEY and MEMSHADOW_SECRET_KEY.",
            id="memshadow.W001",
        )
    ]


@register(Tags.security)
def directory_can_be_asked(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """memshadow.E007: signing in by LDAP needs packages that are installed on request only."""
    if not settings.LDAP_URL or settings.LDAP_INSTALLED:
        return []
    return [
        Error(
            "MEMSHADOW_LDAP_URL is set, but what speaks LDAP is not installed.",
            hint="Debian, Ubuntu: apt-get install gcc python3-dev libldap2-dev libsasl2-dev, then "
            "pip install '.[ldap]' into .venv.",
            id="memshadow.E007",
        )
    ]


@register(Tags.security)
def identity_provider_is_known(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """memshadow.E008: what MEMSHADOW_SAML_METADATA names can be read and used."""
    if not settings.SAML_METADATA:
        return []
    from accounts.saml import identity_provider  # an XML parser, which other starts need not load

    try:
        identity_provider(settings.SAML_METADATA)
    except Unavailable as error:
        hint = "Save the metadata that your provider offers as XML, and give the file's path."
        return [Error(error.message, hint=hint, id="memshadow.E008")]
    return []


@register(Tags.security)
def directory_is_asked_in_private(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """memshadow.W004: passwords travel to the directory in the clear."""
    if not settings.LDAP_URL or settings.LDAP_TLS or env.ldap_tls == "auto":
        return []
    return [
        Warning(
            f"People's passwords go to {settings.LDAP_URL} without TLS, because MEMSHADOW_LDAP_TLS is off.",
            hint="Use ldaps://, or unset MEMSHADOW_LDAP_TLS: then ldap:// turns to TLS first, but on this machine.",
            id="memshadow.W004",
        )
    ]


@register(Tags.security)
def debug_stays_at_home(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """memshadow.W002: debug pages show settings and memories to whoever can reach the server."""
    if not settings.DEBUG or env.host in ("127.0.0.1", "localhost", "::1"):
        return []
    return [
        Warning(
            f"MEMSHADOW_DEBUG is on while the server listens on {env.host}.",
            hint="Unset MEMSHADOW_DEBUG, or listen on HOST=127.0.0.1.",
            id="memshadow.W002",
        )
    ]
