"""Keeping the audit trail for so many days: older entries go, and a sealed checkpoint says where the chain begins."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection

from accounts.audit import chain
from accounts.audit.anchor import drop_anchor
from accounts.audit.recording import record
from accounts.audit.verifying import Report, verify
from accounts.models.audit import AuditCheckpoint, AuditEvent
from memshadow.lib.clock import now

logger = logging.getLogger(__name__)


def tend_audit_trail() -> Report:
    """The nightly round: check the whole chain, and only if it is sound, remember its end and remove what is too old.

    A broken chain is left as it is, for whoever looks into it.
    """
    report = verify()
    if report.finding is not None:
        logger.error("The audit trail is broken: %s", report.finding.text)
        return report
    prune()
    drop_anchor()
    return report


def prune() -> int:
    """Remove entries older than AUDIT_DAYS; returns how many."""
    cutoff = now() - timedelta(days=settings.AUDIT_DAYS)
    with chain.locked() as head:
        first_kept = AuditEvent.objects.filter(created_at__gte=cutoff).order_by("position").first()
        last = (first_kept.position or 0) - 1 if first_kept is not None else head.position
        mac = AuditEvent.objects.filter(position=last).values_list("mac", flat=True).first()
        if mac is None:
            return 0
        removed = _remove_up_to(last)
        seal = chain.checkpoint_seal(chain.key_of(head), last, bytes(mac), removed)
        AuditCheckpoint.objects.create(position=last, mac=bytes(mac), removed=removed, seal=seal)
    record("audit.pruned", actor=None, removed=removed, up_to=last, days=settings.AUDIT_DAYS)
    return removed


def _remove_up_to(position: int) -> int:
    """The one way past the trigger that keeps the table append-only; it ends with this statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('memshadow.audit_retention', 'on', true)")
        cursor.execute("DELETE FROM accounts_auditevent WHERE position <= %s", [position])
        removed = cursor.rowcount
        cursor.execute("SELECT set_config('memshadow.audit_retention', '', true)")
    return int(removed)
