"""Filters in the address: read, offered as choices, and shown as chips that can be taken away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from accounts.models import User
from memories.filters import MemoryFilter
from memories.models import Kind, State
from memories.query_language import quoted
from memories.rendering import source_label
from memories.selectors import newest_tag_names, sources_for
from memshadow.lib.errors import ValidationFailed
from personas.selectors import personas_for

Options = list[tuple[str, str]]
_TAGS_MAX = 2000
_NAMES = ("q", "kind", "source", "tag", "persona", "state", "date_from", "date_to", "pinned", "conversation")


@dataclass(slots=True)
class Filters:
    """What the page's filter form shows."""

    q: str
    kind: str
    source: str
    tag: str
    persona: str
    state: str
    date_from: str
    date_to: str
    pinned: str
    conversation: str
    kinds: Options
    sources: Options
    tags: Options
    personas: Options
    states: Options
    chips: list[dict[str, str]]
    clear_url: str

    @property
    def any(self) -> bool:
        """True when something is narrowed."""
        return bool(self.chips)


def filters_of(request: HttpRequest, owner: User, *, all_states: bool = False) -> Filters:
    """The form as the address has it, with the owner's own choices."""
    values = {name: request.GET.get(name, "").strip() for name in _NAMES}
    personas = [(str(p.id), p.name) for p in personas_for(owner)]
    states = [(value, label) for value, label in State.choices if all_states or value != State.ACTIVE]
    filters = Filters(
        **values,
        kinds=[(value, str(label)) for value, label in Kind.choices],
        sources=[(source, source_label(source)) for source in sources_for(owner)],
        tags=[(name, name) for name in sorted(newest_tag_names(owner, _TAGS_MAX), key=str.casefold)],
        personas=personas,
        states=[(value, str(label)) for value, label in states],
        chips=[],
        clear_url=request.path,
    )
    filters.chips = _chips(request, filters)
    return filters


def memory_filter(query: QueryDict, *, every_state: bool = False) -> MemoryFilter:
    """The filter that the address asks for. Raises ValidationFailed for a value that makes no sense."""
    state = query.get("state", "")
    default = tuple(State.values) if every_state else (State.ACTIVE,)
    return MemoryFilter(
        states=(state,) if state else default,
        kinds=_several(query, "kind"),
        sources=_several(query, "source"),
        tags_all=_several(query, "tag"),
        persona_id=_uuid(query, "persona"),
        conversation_id=_uuid(query, "conversation"),
        after=_day(query, "date_from"),
        before=_day(query, "date_to", days=1),
        pinned=True if query.get("pinned") else None,
    )


def page_url(request: HttpRequest, cursor: str | None) -> str:
    """This page's address at another cursor, or an empty string."""
    if cursor is None:
        return ""
    query = _without(request, "cursor")
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"


def query_text(filters: Filters) -> str:
    """The whole form in the language of the search box: what a saved search keeps."""
    personas = dict(filters.personas)
    written = {
        "kind": filters.kind,
        "from": filters.source,
        "tag": filters.tag,
        "persona": personas.get(filters.persona, ""),
        "state": filters.state,
        "in": filters.conversation,
        "after": filters.date_from,
        "before": _day_after(filters.date_to),
        "is": "pinned" if filters.pinned else "",
    }
    operators = (f"{key}:{quoted(value)}" for key, value in written.items() if value)
    return " ".join(filter(None, [*operators, filters.q]))


def _day_after(written: str) -> str:
    try:
        return str(date.fromisoformat(written) + timedelta(days=1)) if written else ""
    except (ValueError, OverflowError):
        return ""


def _without(request: HttpRequest, *names: str) -> QueryDict:
    """The address's parameters, without these and without the empty ones that a form sends."""
    query = request.GET.copy()
    for name, values in list(query.lists()):
        if name in names or not any(values):
            del query[name]
    return query


def _chips(request: HttpRequest, filters: Filters) -> list[dict[str, str]]:
    named = {
        "q": ("Words", {}),
        "kind": ("", dict(filters.kinds)),
        "source": ("From", dict(filters.sources)),
        "tag": ("Tag", {}),
        "persona": ("Persona", dict(filters.personas)),
        "state": ("", dict(filters.states)),
        "date_from": ("Since", {}),
        "date_to": ("Until", {}),
        "pinned": ("", {"1": "Pinned"}),
        "conversation": ("", {filters.conversation: "One conversation"}),
    }
    chips = []
    for name, (label, choices) in named.items():
        value = getattr(filters, name)
        if not value or (name == "q" and request.resolver_match and request.resolver_match.url_name == "search"):
            continue
        text = f"{label} {choices.get(value, value)}".strip()
        rest = _without(request, name, "cursor").urlencode()
        chips.append({"label": text, "url": f"{request.path}?{rest}" if rest else request.path})
    return chips


def _several(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(value for value in query.getlist(name) if value)


def _uuid(query: QueryDict, name: str) -> UUID | None:
    value = query.get(name, "")
    try:
        return UUID(value) if value else None
    except ValueError:
        raise ValidationFailed(f"{name} must be an id.", field=name) from None


def _day(query: QueryDict, name: str, days: int = 0) -> datetime | None:
    value = query.get(name, "")
    if not value:
        return None
    try:
        start = datetime.combine(date.fromisoformat(value), time.min) + timedelta(days=days)
        return timezone.make_aware(start)
    except (ValueError, OverflowError):
        raise ValidationFailed(f"{name} must be a day such as 2025-03-01.", field=name) from None
