"""Reading the audit trail: one's own part of it, or all of it for those who manage the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.audit.chain import fingerprint_of
from accounts.models import AuditEvent, User
from accounts.models.user import normalise_email
from memshadow.lib.client_address import canonical
from memshadow.lib.errors import ValidationFailed


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; empty parts let everything through. Times are half-open: from `after`, up to `before`."""

    person: str = ""  # an e-mail address or an id
    action: str = ""  # whole, or its beginning up to a dot: 'account' finds 'account.signed_in'
    result: str = ""
    address: str = ""
    object: str = ""  # an id, or a type such as 'accounts.apikey'
    request_id: str = ""
    after: datetime | None = None
    before: datetime | None = None


def events_of(user: User) -> QuerySet[AuditEvent]:
    """What a person did, and what was done or tried with their account."""
    return _rows().filter(Q(actor=user) | _about(user.pk))


def all_events() -> QuerySet[AuditEvent]:
    """Everything, for whoever manages the server."""
    return _rows()


def visible_to(user: User) -> QuerySet[AuditEvent]:
    """All of it for managers, one's own for others."""
    return all_events() if user.may_manage else events_of(user)


def narrowed(rows: QuerySet[AuditEvent], wanted: AuditFilter) -> QuerySet[AuditEvent]:
    """The rows that pass a filter. Raises ValidationFailed for an address that is none."""
    if wanted.person:
        rows = rows.filter(_of_person(wanted.person))
    if wanted.action:
        rows = rows.filter(Q(action=wanted.action) | Q(action__startswith=wanted.action.rstrip(".") + "."))
    if wanted.object:
        rows = rows.filter(Q(object_id=wanted.object) | Q(object_type=wanted.object))
    if wanted.address:
        rows = rows.filter(address=_address(wanted.address))
    exact = {"result": wanted.result, "request_id": wanted.request_id}
    times = {"created_at__gte": wanted.after, "created_at__lt": wanted.before}
    return rows.filter(**{name: value for name, value in (exact | times).items() if value})


def known_actions(rows: QuerySet[AuditEvent]) -> list[str]:
    """The actions that occur, for a list to choose from."""
    return sorted(rows.order_by().values_list("action", flat=True).distinct())


def _rows() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.select_related("actor")


def _about(user_id: UUID) -> Q:
    return Q(object_type="accounts.user", object_id=str(user_id))


def _of_person(text: str) -> Q:
    """By id or e-mail address; attempts with the address, and people who are gone, are found by its fingerprint."""
    try:
        return Q(actor_id=UUID(text)) | _about(UUID(text))
    except ValueError:
        found = Q(email_fingerprint=fingerprint_of(text) or "none")
    user_id = User.objects.filter(email=normalise_email(text)).values_list("pk", flat=True).first()
    return found | Q(actor_id=user_id) | _about(user_id) if user_id else found


def _address(text: str) -> str:
    address = canonical(text)
    if address is None:
        raise ValidationFailed("That is no IP address; write one such as 203.0.113.7.", field="address")
    return address
