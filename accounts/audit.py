"""Writing the audit trail."""

from __future__ import annotations

from django.db.models import Model

from accounts.models import AuditEvent, User


def record(
    action: str,
    *,
    actor: User | None,
    target: Model | None = None,
    object_id: str = "",
    address: str | None = None,
    **details: object,
) -> AuditEvent:
    """Note who did what. `details` must not quote memory content."""
    return AuditEvent.objects.create(
        actor=actor,
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else object_id,
        address=address,
        details=details,
    )
