"""Somebody guesses passwords: found by a sweep over the audit trail, so that a failure always costs the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.intrusion.raising import raise_signal
from accounts.limits.counting import Limit, block
from accounts.models import AuditEvent, SecuritySignal, User
from memshadow.lib.clock import now

FAILURES = ("account.sign_in_failed", "account.second_factor_failed")
_SHORT, _LONG = timedelta(minutes=15), timedelta(hours=1)
FAILURES_MANY = 10  # of one account in 15 minutes
ADDRESSES_MANY = 5  # that failed at one account in an hour
ACCOUNTS_MANY = 10  # that one address failed at in 15 minutes
_Kind = SecuritySignal.Kind


def look_for_guessing() -> int:
    """Raise what the failures of the last hour show, and block whoever guesses if that is set; returns how many."""
    failures = AuditEvent.objects.filter(action__in=FAILURES, created_at__gte=now() - _LONG)
    return _at_one_account(failures) + _at_many_accounts(failures)


def _at_one_account(failures: QuerySet[AuditEvent]) -> int:
    lately = Q(created_at__gte=now() - _SHORT)
    accounts = (
        failures.filter(object_type="accounts.user")
        .values("object_id")
        .annotate(lately=Count("id", filter=lately), addresses=Count("address", distinct=True))
        .filter(Q(lately__gte=FAILURES_MANY) | Q(addresses__gte=ADDRESSES_MANY))
    )
    raised = 0
    for row in accounts:
        owner = User.objects.people().filter(pk=UUID(row["object_id"])).first()
        if owner is None:
            continue
        from_many = row["addresses"] >= ADDRESSES_MANY
        kind = _Kind.CREDENTIAL_STUFFING if from_many else _Kind.MANY_FAILURES
        addresses = _addresses_of(failures.filter(object_id=row["object_id"]))
        if raise_signal(kind, owner=owner, address=addresses[0], failures=row["lately"], addresses=row["addresses"]):
            _block(addresses)
            raised += 1
    return raised


def _at_many_accounts(failures: QuerySet[AuditEvent]) -> int:
    guessers = (
        failures.filter(created_at__gte=now() - _SHORT)
        .exclude(address=None)
        .values("address")
        .annotate(accounts=Count("email_fingerprint", distinct=True))
        .filter(accounts__gte=ACCOUNTS_MANY)
    )
    raised = 0
    for row in guessers:
        address = row["address"]
        if raise_signal(_Kind.MANY_ACCOUNTS, owner=None, address=address, apart=str(address), accounts=row["accounts"]):
            _block([address])
            raised += 1
    return raised


def _addresses_of(failures: QuerySet[AuditEvent]) -> list[str | None]:
    """Where the failures came from, the latest first."""
    rows = failures.order_by("-created_at").values_list("address", flat=True)
    return list(dict.fromkeys(rows))


def _block(addresses: Iterable[str | None]) -> None:
    """Keep addresses from trying to sign in for a while, if INTRUSION_BLOCK_S says so."""
    if not settings.INTRUSION_BLOCK_S:
        return
    for address in filter(None, addresses):
        block(Limit("attempts-address", address, *settings.RATE_LIMIT_ATTEMPTS_ADDRESS), settings.INTRUSION_BLOCK_S)
