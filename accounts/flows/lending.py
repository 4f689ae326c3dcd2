"""Which scopes a program is given: known ones, within the role of the person and the hands of who asks."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User
from accounts.permissions import SCOPES, WILDCARDS, carried, in_full, scopes_of_role
from memshadow.lib.errors import PermissionRefused, ValidationFailed


def scopes_to_lend(owner: User, scopes: Iterable[str], *, lender: frozenset[str] | None = None) -> list[str]:
    """The scopes in full, each once, in order.

    Wildcards give what the role has, now and later; all else must be in the role. `lender` holds the scopes of the
    program that asks, None for a person. Raises ValidationFailed for none or unknown ones, PermissionRefused for more
    than there is to give.
    """
    wanted = in_full(scopes)
    if not wanted or not set(wanted) <= {*SCOPES, *WILDCARDS}:
        known = ", ".join((*SCOPES, *WILDCARDS))
        raise ValidationFailed(f"Choose one or more of the scopes {known}.", field="scopes")
    beyond = sorted({scope for scope in wanted if scope in SCOPES} - scopes_of_role(owner.role))
    if beyond:
        raise PermissionRefused(f"Your role does not have {', '.join(beyond)}: a key cannot do more than its owner.")
    check_lender(owner, wanted, lender)
    return wanted


def check_lender(owner: User, scopes: Iterable[str], lender: frozenset[str] | None) -> None:
    """What a stolen key can reach stays what it was given. Raises PermissionRefused."""
    beyond = sorted(carried(scopes) & scopes_of_role(owner.role) - lender) if lender is not None else []
    if beyond:
        raise PermissionRefused(f"A key cannot hand out more than it has, and this one has no {', '.join(beyond)}.")
