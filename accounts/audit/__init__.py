"""The audit trail: an append-only chain of who did what. `record` writes it; the modules inside read and check it."""

from accounts.audit.recording import record
from accounts.models.audit import AuditEvent

Result = AuditEvent.Result

__all__ = ["Result", "record"]
