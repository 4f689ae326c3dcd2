"""Old entries go, and what stays is still proven."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.audit import chain, record
from accounts.audit.anchor import anchor_file
from accounts.audit.retention import prune, tend_audit_trail
from accounts.audit.verifying import Fault, Report, verify
from accounts.models import AuditCheckpoint, AuditEvent, User
from memshadow.lib import clock


@pytest.fixture(autouse=True)
def one_month(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.AUDIT_DAYS = tmp_path, 30


@pytest.fixture
def trail(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries that are 40, 39 and 31 days old, and one of today."""
    for days in (40, 39, 31, 0):
        with monkeypatch.context() as patch:
            then = clock.now() - timedelta(days=days)
            patch.setattr(chain, "now", lambda then=then: then)
            record(f"test.day_{days}", actor=owner)


def by_force(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent DISABLE TRIGGER ALL")
        cursor.execute(statement, values)


def test_what_is_too_old_goes_and_the_rest_is_proven(trail: None) -> None:
    assert tend_audit_trail() == Report(4, 1, 4)
    kept = list(AuditEvent.objects.order_by("position").values_list("position", "action"))
    assert kept == [(4, "test.day_0"), (5, "audit.pruned")]
    assert AuditEvent.objects.get(position=5).details == {"removed": 3, "up_to": 3, "days": 30}
    assert verify() == Report(2, 4, 5)
    assert anchor_file().exists()
    assert prune() == 0
    assert AuditEvent.objects.count() == 2


def test_the_table_is_append_only_again_afterwards(trail: None) -> None:
    prune()
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_auditevent")


def test_nobody_else_can_move_the_beginning(trail: None) -> None:
    prune()
    mac = bytes(AuditEvent.objects.get(position=4).mac or b"")
    by_force("DELETE FROM accounts_auditevent WHERE position = 4")
    assert verify().finding is not None
    AuditCheckpoint.objects.update(position=4, mac=mac)
    finding = verify().finding
    assert finding is not None and finding.fault == Fault.CHECKPOINT


def test_an_entry_that_retention_removed_cannot_come_back(trail: None, owner: User) -> None:
    old = AuditEvent.objects.get(position=2)
    prune()
    old.save(force_insert=True)
    finding = verify().finding
    assert finding is not None and (finding.fault, finding.position) == (Fault.UNLINKED, 2)


def test_a_broken_trail_is_kept_as_it_is(trail: None, caplog: pytest.LogCaptureFixture) -> None:
    by_force("UPDATE accounts_auditevent SET action = 'x' WHERE position = 2")
    report = tend_audit_trail()
    assert report.finding is not None and report.finding.fault == Fault.ALTERED
    assert AuditEvent.objects.count() == 4
    assert not anchor_file().exists()
    assert "The audit trail is broken: Entry 2 (x" in caplog.text
