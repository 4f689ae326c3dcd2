"""Of whom this server requires a second factor."""

from __future__ import annotations

from accounts.access import require
from accounts.audit import record
from accounts.models import ServerPolicy, User
from memshadow.lib.errors import ValidationFailed


def require_mfa_of(*, by: User, whom: str) -> None:
    """Set the policy. Raises PermissionRefused unless `by` manages this server."""
    require(by, "server")
    if whom not in ServerPolicy.MfaRequired.values:
        raise ValidationFailed("Choose nobody, staff or everyone.", field="mfa_required")
    ServerPolicy.objects.update_or_create(id=1, defaults={"mfa_required": whom, "changed_by": by})
    record("policy.mfa_required", actor=by, whom=whom)
