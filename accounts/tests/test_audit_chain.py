"""The audit trail under attack: whoever holds the database, but not the keys, is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from accounts.audit import record
from accounts.audit.anchor import anchor_file, drop_anchor
from accounts.audit.chain import adopt_older_entries, canonical_json
from accounts.audit.verifying import Fault, Report, verify
from accounts.models import AuditChain, AuditEvent, User
from accounts.server_keys import reseal_all


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def trail(owner: User) -> list[AuditEvent]:
    """Five entries about Alice."""
    made = [record(f"test.step_{n}", actor=owner, address="203.0.113.7", number=n, half=n / 2) for n in range(1, 6)]
    assert verify() == Report(5, 1, 5)
    return made


@pytest.fixture
def by_force(trail: list[AuditEvent]) -> Iterator[None]:
    """An attacker who owns the table and takes the trigger away."""
    sql("ALTER TABLE accounts_auditevent DISABLE TRIGGER ALL")
    yield


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> tuple[Fault, int]:
    finding = verify().finding
    assert finding is not None
    return finding.fault, finding.position


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET action = 'x'",
        "UPDATE accounts_auditevent SET actor_id = NULL",
        "DELETE FROM accounts_auditevent",
    ],
)
def test_sql_cannot_change_or_remove_an_entry(trail: list[AuditEvent], statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert verify().checked == 5


def test_sql_cannot_empty_the_table(trail: list[AuditEvent]) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("SET LOCAL memshadow.audit_truncate = ''")
        sql("TRUNCATE accounts_auditevent")


@pytest.mark.parametrize(
    "change",
    [
        "action = 'test.other'",
        "details = jsonb_set(details, '{number}', '30')",
        "details = details || '{\"more\": 1}'",
        "actor_id = NULL",
        "result = 'failed'",
        "object_id = 'x'",
        "address = '198.51.100.1'",
        "agent = 'curl'",
        "request_id = 'r'",
        "email_fingerprint = 'ab'",
        "created_at = created_at + interval '1 microsecond'",
        "previous = decode(repeat('00', 32), 'hex')",
    ],
)
def test_an_altered_entry_is_named(by_force: None, change: str) -> None:
    sql("UPDATE accounts_auditevent SET CHANGE WHERE position = 3".replace("CHANGE", change))
    assert found() == (Fault.ALTERED, 3)


def test_a_removed_entry_is_named(by_force: None) -> None:
    sql("DELETE FROM accounts_auditevent WHERE position IN (2, 3)")
    finding = verify().finding
    assert finding is not None and finding.text == "Entries 2 to 3 are missing."


def test_closing_the_gap_does_not_help(by_force: None) -> None:
    sql("DELETE FROM accounts_auditevent WHERE position = 3")
    for position in (4, 5):
        sql("UPDATE accounts_auditevent SET position = %s WHERE position = %s", position - 1, position)
    sql("UPDATE accounts_auditchain SET position = 4")
    assert found() == (Fault.MISSING, 3)


def test_swapped_entries_are_named(by_force: None) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        sql("UPDATE accounts_auditevent SET position = %s WHERE position = %s", new, old)
    assert found() == (Fault.MOVED, 3)


def test_the_newest_entries_cannot_vanish(by_force: None) -> None:
    sql("DELETE FROM accounts_auditevent WHERE position > 3")
    assert found() == (Fault.NEWEST_MISSING, 4)


def test_nor_with_the_head_put_back(by_force: None, trail: list[AuditEvent]) -> None:
    sql("DELETE FROM accounts_auditevent WHERE position > 3")
    sql("UPDATE accounts_auditchain SET position = 3, mac = %s", trail[2].mac)
    assert found() == (Fault.HEAD, 3)


def test_nor_with_an_old_head_from_a_backup(owner: User, trail: list[AuditEvent]) -> None:
    """Everything in the database is consistent; only the file beside it knows better."""
    old = AuditChain.objects.values("position", "mac", "seal").get()
    record("test.hidden", actor=owner)
    drop_anchor()
    sql("ALTER TABLE accounts_auditevent DISABLE TRIGGER ALL")
    sql("DELETE FROM accounts_auditevent WHERE position = 6")
    AuditChain.objects.update(**old)
    assert found() == (Fault.ROLLED_BACK, 6)
    drop_anchor()
    assert found() == (Fault.ROLLED_BACK, 6)
    record("test.instead", actor=owner)
    assert found() == (Fault.ROLLED_BACK, 6)


def test_nor_with_a_whole_new_trail(owner: User, by_force: None) -> None:
    drop_anchor()
    sql("DELETE FROM accounts_auditevent")
    sql("DELETE FROM accounts_auditchain")
    assert found() == (Fault.HEAD, 0)
    record("test.innocent", actor=owner)
    assert found()[0] == Fault.ROLLED_BACK


def test_a_forged_entry_with_a_plain_hash_is_named(owner: User, trail: list[AuditEvent]) -> None:
    forged = AuditEvent(actor=owner, action="test.forged", position=6, previous=trail[4].mac)
    forged.mac = hashlib.sha256(bytes(trail[4].mac or b"") + canonical_json(forged)).digest()
    forged.save(force_insert=True)
    sql("UPDATE accounts_auditchain SET position = 6, mac = %s", forged.mac)
    assert found() == (Fault.ALTERED, 6)


def test_an_entry_beside_the_chain_is_named(owner: User, trail: list[AuditEvent]) -> None:
    AuditEvent.objects.create(actor=owner, action="test.beside")
    assert found() == (Fault.UNLINKED, 0)


def test_a_copied_key_of_another_server_does_not_open(trail: list[AuditEvent]) -> None:
    sealed = bytearray(AuditChain.objects.get().sealed_key)
    sealed[-1] ^= 1
    AuditChain.objects.update(sealed_key=bytes(sealed))
    assert found() == (Fault.KEY, 0)


def test_rotating_the_servers_keys_leaves_the_chain(owner: User, trail: list[AuditEvent]) -> None:
    before = bytes(AuditChain.objects.get().sealed_key)
    assert reseal_all() >= 1
    assert bytes(AuditChain.objects.get().sealed_key) != before
    record("test.after", actor=owner)
    assert verify() == Report(6, 1, 6)


def test_erasing_a_person_breaks_nothing(owner: User, other: User) -> None:
    record("test.done", actor=other, target=other)
    other.delete()
    record("test.after", actor=owner)
    assert verify() == Report(2, 1, 2)
    kept = AuditEvent.objects.get(action="test.done")
    assert str(kept.actor_id) == kept.object_id and kept.email_fingerprint
    assert AuditEvent.objects.select_related("actor").get(action="test.done").actor is None


def test_what_the_database_spells_otherwise_still_proves(owner: User) -> None:
    record(
        "test.odd",
        actor=owner,
        address="2001:DB8:0::7",
        big=1e16,
        small=1e-9,
        whole=2.0,
        text="a\x00\ud800é\u2028",
        deep={"b": [1.50]},
    )
    assert verify() == Report(1, 1, 1)
    event = AuditEvent.objects.get()
    assert (event.address, event.details["whole"]) == ("2001:db8::7", 2.0)


def test_entries_from_before_the_chain_are_taken_in(owner: User) -> None:
    older = [AuditEvent.objects.create(actor=owner, action=f"test.older_{n}") for n in range(3)]
    assert adopt_older_entries() == 3
    record("test.newer", actor=owner)
    assert verify() == Report(4, 1, 4)
    actions = AuditEvent.objects.order_by("position").values_list("action", flat=True)
    assert list(actions) == [*(event.action for event in older), "test.newer"]
    assert adopt_older_entries() == 0


def test_the_command_proves_and_remembers(trail: list[AuditEvent]) -> None:
    out = StringIO()
    call_command("audit", "verify", stdout=out)
    assert out.getvalue() == "5 entries (1 to 5): unaltered, none missing, none moved.\n"
    assert anchor_file().exists()
    sql("ALTER TABLE accounts_auditevent DISABLE TRIGGER ALL")
    sql("UPDATE accounts_auditevent SET action = 'x' WHERE position = 2")
    with pytest.raises(CommandError, match=r"Entry 2 .* was altered or forged\. 1 entries before it") as raised:
        call_command("audit", "verify")
    assert raised.value.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_several_at_once_make_one_chain() -> None:
    """Four threads, the first entries of all among them: no two take the same place."""
    start = Barrier(4)

    def write(name: int) -> None:
        start.wait(10)
        for n in range(10):
            record(f"test.{name}_{n}", actor=None)
        connection.close()

    threads = [Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert verify() == Report(40, 1, 40)
