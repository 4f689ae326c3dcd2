"""What happened: one's own activity, and the whole audit trail for those who manage the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import needs, signed_in
from accounts.audit import Result, record
from accounts.audit.exporting import CONTENT_TYPES, exported
from accounts.audit.selectors import AuditFilter, all_events, events_of, known_actions, narrowed
from accounts.audit.words import words_for
from accounts.flows.sessions import browser_and_system
from accounts.intrusion.telling import dismiss_signal, notices_for
from accounts.models import AuditEvent, User
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.htmx import render_page
from memshadow.lib.paging import paginate

_PAGE = 50
_NAMES = ("person", "action", "result", "address", "object", "date_from", "date_to")
_LEVELS = {Result.OK: "ok", Result.REFUSED: "warn", Result.FAILED: "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as the page shows it."""

    event: AuditEvent
    words: str
    who: str
    device: str
    level: str


@needs("account")
@never_cache
@require_GET
def activity(request: HttpRequest) -> HttpResponse:
    """What one did oneself, and what was done or tried with one's account."""
    return _page(request, events_of(signed_in(request)), everyone=False)


@needs("server")
@never_cache
@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """The whole trail."""
    return _page(request, all_events(), everyone=True)


@needs("account")
@require_GET
def activity_export(request: HttpRequest) -> StreamingHttpResponse:
    """One's own activity as a file."""
    return _file(request, events_of(signed_in(request)), "activity")


@needs("server")
@require_GET
def audit_export(request: HttpRequest) -> StreamingHttpResponse:
    """The whole trail as a file, as far as the filters let it through."""
    return _file(request, all_events(), "audit")


@needs("account")
@require_POST
def signal_dismiss(request: HttpRequest, signal_id: UUID) -> HttpResponse:
    """Put a notice away."""
    dismiss_signal(user=signed_in(request), signal_id=signal_id)
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if safe else "accounts:activity")


def _page(request: HttpRequest, rows: QuerySet[AuditEvent], *, everyone: bool) -> HttpResponse:
    found = narrowed(rows, _filter(request.GET))
    page = paginate(found, cursor=request.GET.get("cursor") or None, limit=_PAGE)
    filters = {name: request.GET.get(name, "").strip() for name in _NAMES}
    context: dict[str, object] = {
        "everyone": everyone,
        "notices": [] if everyone else notices_for(signed_in(request)),
        "filters": filters | {"any": any(filters.values())},
        "actions": [(name, words_for(name)) for name in known_actions(rows)],
        "results": Result.choices,
        "lines": [_line(event, signed_in(request)) for event in page.items],
        "newer_url": _url(request, page.previous_cursor),
        "older_url": _url(request, page.next_cursor),
        "query": _without_cursor(request).urlencode(),
    }
    return render_page(request, "accounts/activity.html", "accounts/_activity_list.html", context)


def _line(event: AuditEvent, reader: User) -> Line:
    browser, system = browser_and_system(event.agent)
    return Line(
        event=event,
        words=words_for(event.action),
        who=_who(event, reader),
        device=" on ".join(filter(None, (browser, system))),
        level=_LEVELS.get(Result(event.result), ""),
    )


def _who(event: AuditEvent, reader: User) -> str:
    if event.actor_id is None:
        return "Somebody" if event.address and not event.action.startswith("signal.") else "The server"
    if event.actor_id == reader.pk:
        return "You"
    return str(event.actor) if event.actor else "A deleted account"


def _file(request: HttpRequest, rows: QuerySet[AuditEvent], name: str) -> StreamingHttpResponse:
    key = request.GET.get("format", "jsonl")
    if key not in CONTENT_TYPES:
        raise ValidationFailed("Choose csv or jsonl.", field="format")
    found = narrowed(rows, _filter(request.GET))
    record("audit.exported", actor=signed_in(request), format=key, part=name)
    response = StreamingHttpResponse(exported(found, key), content_type=CONTENT_TYPES[key])
    response["Content-Disposition"] = content_disposition_header(True, f"memshadow-{name}.{key}") or "attachment"
    return response


def _filter(query: QueryDict) -> AuditFilter:
    given = {name: query.get(name, "").strip() for name in ("person", "action", "result", "address", "object")}
    return AuditFilter(**given, after=_day(query, "date_from"), before=_day(query, "date_to", days=1))


def _day(query: QueryDict, name: str, *, days: int = 0) -> datetime | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time.min, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValidationFailed("Write the day as 2025-03-01.", field=name) from None


def _without_cursor(request: HttpRequest) -> QueryDict:
    query = request.GET.copy()
    query.pop("cursor", None)
    return query


def _url(request: HttpRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = _without_cursor(request)
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"
