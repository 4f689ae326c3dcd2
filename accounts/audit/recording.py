"""Writing the audit trail."""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.db.models import Model

from accounts.audit import chain
from accounts.models import AuditEvent, User
from memshadow.lib import request_context
from memshadow.lib.client_address import canonical

_NOT_STORABLE = {0: None, **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}


def record(
    action: str,
    *,
    actor: User | None,
    target: Model | None = None,
    object_id: str = "",
    address: str | None = None,
    result: str = AuditEvent.Result.OK,
    email: str = "",
    **details: object,
) -> AuditEvent:
    """Note who did what, and how it went (`result`: ok, refused or failed). `details` must not quote memory content.

    Address, program and request id come from the request that is served; `address` counts outside of one. `email` is an
    address that was tried without an account behind it; only its keyed fingerprint is stored, as of the actor's own.
    Writers wait for each other until their transaction ends, so call it last in a transaction.
    """
    context = request_context.current()
    event = AuditEvent(
        actor=actor,
        action=action,
        result=result,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else object_id,
        address=context.address or canonical(address or ""),
        agent=storable(context.agent),
        request_id=context.request_id,
        details=_plain(details),
    )
    return chain.append(event, email=email or (actor.email if actor else ""))


def storable(text: str) -> str:
    """Text without what PostgreSQL cannot store: NUL goes, lone surrogates are replaced."""
    return text.translate(_NOT_STORABLE)


def _plain(value: Any) -> Any:
    """JSON that the database can keep, whatever was passed."""
    if isinstance(value, dict):
        return {storable(str(name)): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    finite = isinstance(value, float) and isfinite(value)
    return value if value is None or finite or isinstance(value, bool | int) else storable(str(value))
