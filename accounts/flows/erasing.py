"""Erasing an account: asked for, cancelled in time, or its keys destroyed, every row deleted and the rest counted."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts import keys
from accounts.access import require
from accounts.audit import record
from accounts.flows.rotating import sealed_files_of
from accounts.models import AccountErasure, ApiKey, DataKey, Kind, Role, Session, User
from accounts.personal_rows import KEPT, personal_tables, remaining
from accounts.spaces.leaving import end_access, leave_all
from memshadow.lib.clock import now
from memshadow.lib.errors import Conflict, NotFound, PermissionRefused

logger = logging.getLogger(__name__)
GRACE = timedelta(days=14)
_State = AccountErasure.State
_OPEN = (_State.PENDING, _State.RUNNING)


def ask_for_erasure(*, user: User, by: User, address: str | None = None) -> AccountErasure:
    """Have an account erased after the grace period; until then everything works and it can be cancelled.

    A person asks for themselves, the owner or an administrator for others. Raises PermissionRefused, and Conflict for
    the last owner of a server on which others have accounts, and when it was asked for before.
    """
    if by.pk != user.pk:
        require(by, "server")
        if user.may("server") and not by.is_owner:
            raise PermissionRefused("Only an owner can have the account of an owner or an administrator erased.")
    _refuse_last_owner(user)
    moment = now()
    erasure = AccountErasure(account_id=user.id, asked_by_id=by.id, asked_at=moment, due_at=moment + GRACE)
    try:
        with transaction.atomic():
            erasure.save(force_insert=True)
            record("account.erasure_asked", actor=by, target=user, address=address, due_at=erasure.due_at.isoformat())
    except IntegrityError as error:
        raise Conflict("This account is going to be erased already; cancel that to keep it.") from error
    return erasure


def _refuse_last_owner(user: User) -> None:
    if not user.is_owner or not User.objects.people().exclude(pk=user.pk).exists():
        return  # who is alone on their server leaves an empty one, ready for a new owner
    if not User.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=user.pk).exists():
        raise Conflict(
            "You are the only owner of this server, and others use it. Make one of them the owner first, or erase "
            "their accounts."
        )


def hand_over(*, owner: User, to: UUID, address: str | None = None) -> User:
    """Make somebody else the owner; the present one becomes an administrator. Raises PermissionRefused and NotFound."""
    if not owner.is_owner:
        raise PermissionRefused("Only the owner can hand a server over.")
    with transaction.atomic():
        heir = User.objects.people().select_for_update().filter(pk=to, is_active=True).exclude(pk=owner.pk).first()
        if heir is None:
            raise NotFound("There is no such account.")
        heir.role, heir.is_staff, heir.is_superuser = Role.OWNER, True, True
        heir.save(update_fields=["role", "is_staff", "is_superuser"])
        owner.role, owner.is_superuser = Role.ADMINISTRATOR, False
        owner.save(update_fields=["role", "is_superuser"])
        record("server.handed_over", actor=owner, target=heir, address=address)
    return heir


def cancel_erasure(*, user: User, by: User, address: str | None = None) -> None:
    """Keep the account after all. Raises NotFound when nothing is to be cancelled, and Conflict when it has begun."""
    if by.pk != user.pk:
        require(by, "server")
    with transaction.atomic():
        erasure = AccountErasure.objects.select_for_update().filter(account_id=user.id, state__in=_OPEN).first()
        if erasure is None:
            raise NotFound("This account is not going to be erased.")
        if erasure.state == _State.RUNNING:
            raise Conflict("The erasure has begun; nothing is left to keep.")
        erasure.state, erasure.finished_at = _State.CANCELLED, now()
        erasure.save(update_fields=["state", "finished_at"])
        record("account.erasure_cancelled", actor=by, target=user, address=address)


def erasure_of(user: User) -> AccountErasure | None:
    """The erasure that waits for this account, if any."""
    return AccountErasure.objects.filter(account_id=user.id, state__in=_OPEN).first()


def erase_due() -> int:
    """Carry out every erasure whose day has come; returns how many accounts are gone. Safe to run twice, and killed."""
    done = 0
    for erasure in AccountErasure.objects.filter(state__in=_OPEN).order_by("due_at"):
        if erasure.is_due(now()):
            try:
                done += _erase(erasure)
            except IntegrityError:
                logger.warning("Erasure %s met a write of that account and is tried again", erasure.id)
    return done


def _erase(erasure: AccountErasure) -> bool:
    what = "space" if User.objects.filter(id=erasure.account_id, kind=Kind.SPACE).exists() else "account"
    leave_all(erasure.account_id)
    _destroy_keys(erasure)
    for path, _ in sealed_files_of(erasure.account_id):
        path.unlink(missing_ok=True)
    deleted = _delete_rows(erasure.account_id)
    left = remaining(erasure.account_id)
    erasure.deleted = {label: erasure.deleted.get(label, 0) + count for label, count in deleted.items()}
    erasure.remaining = left
    if not left:
        erasure.state, erasure.finished_at = _State.DONE, now()
    erasure.save(update_fields=["deleted", "remaining", "state", "finished_at"])
    rows = sum(erasure.deleted.values())
    record(
        f"{what}.erased" if not left else f"{what}.erasure_incomplete",
        actor=None,
        object_id=str(erasure.account_id),
        rows_deleted=rows,
        rows_remaining=sum(left.values()),
    )
    return not left


def _destroy_keys(erasure: AccountErasure) -> None:
    """The point of no return: sign-ins and keys end, and with the data keys everything sealed, backups included."""
    with transaction.atomic():
        AccountErasure.objects.filter(id=erasure.id).update(state=_State.RUNNING)
        User.objects.filter(id=erasure.account_id).update(is_active=False)
        Session.objects.filter(user_id=erasure.account_id).delete()
        ApiKey.objects.filter(owner_id=erasure.account_id).delete()
        DataKey.objects.filter(owner_id=erasure.account_id).delete()
        end_access(erasure.account_id)
    erasure.state = _State.RUNNING
    keys.forget(erasure.account_id)


def _delete_rows(user_id: UUID) -> dict[str, int]:
    """Every owned row, then the account with what refers to it, in one transaction; counts by model.

    The locked account keeps out whoever is about to add a row for it: their commit fails once this one is through.
    """
    counts: dict[str, int] = {}
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        for table in personal_tables():
            if table.is_owned and table.model not in KEPT:
                counts[table.model._meta.label_lower] = _delete_owned(table.model._meta.db_table, user_id)
        if user is not None:
            for label, count in user.delete()[1].items():
                counts[label.lower()] = counts.get(label.lower(), 0) + count
    return {label: count for label, count in counts.items() if count}


def _delete_owned(table: str, user_id: UUID) -> int:
    """Foreign keys between the rows are checked at the end of the transaction, so the order does not matter."""
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{table}" WHERE owner_id = %s', [user_id])  # noqa: S608 - a table of our own
        return int(cursor.rowcount)
