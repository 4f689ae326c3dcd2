"""The apps that may ask for access: which kinds there are, and what each may ask for."""

from __future__ import annotations

from typing import Any

from oauth2_provider.models import Application
from oauth2_provider.scopes import BaseScopes

from accounts.permissions import SCOPES, scopes_of_role

CLI_ID = "memcli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# Who registered itself cannot manage keys or people: it could give itself what outlives its tokens.
UNVERIFIED_SCOPES = frozenset(SCOPES) - {"admin"}
# What an app gets that asks for nothing in particular.
DEFAULT_SCOPES = ("memories:read",)


def is_unverified(application: Application) -> bool:
    """Registered itself, so its name is only a claim."""
    return bool(application.registration_source == Application.RegistrationSource.DCR)


def is_confidential(application: Application) -> bool:
    """Has a secret, as a server can keep one."""
    return bool(application.client_type == Application.CLIENT_CONFIDENTIAL)


def may_use_devices(application: Application) -> bool:
    """Whether it may sign people in by a typed code: the CLI, and what an administrator made for it."""
    return bool(application.client_id == CLI_ID or application.authorization_grant_type == DEVICE_GRANT)


def scopes_open_to(application: Application | None) -> frozenset[str]:
    """The scopes that an app may ask for."""
    return frozenset(SCOPES) if application is not None and not is_unverified(application) else UNVERIFIED_SCOPES


def offered(scopes: list[str], role: str) -> list[str]:
    """What of the scopes asked for a person of this role can give, in the order of the table."""
    return [name for name in SCOPES if name in scopes and name in scopes_of_role(role)]


class Scopes(BaseScopes):  # type: ignore[misc]
    """The product's scopes as django-oauth-toolkit asks for them."""

    def get_all_scopes(self) -> dict[str, str]:
        """Names and plain words."""
        return dict(SCOPES)

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """What this app may ask for; without one, what everybody may."""
        return sorted(scopes_open_to(application))

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        """What an app gets that names none."""
        return list(DEFAULT_SCOPES)
