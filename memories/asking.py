"""Asking in the language of the search box: the filters in the text found among the owner's things, then the search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from memories import selectors
from memories.filters import MemoryFilter, filtered, unknown_tags
from memories.fingerprints import source_family
from memories.models import Memory
from memories.people import people_for, people_named
from memories.query_language import Named, ParsedSearch, nearest, parse, quoted, to_text
from memories.retrieval import Hit, SearchRequest, SearchResult, Snippet, not_reranked, search
from memshadow.lib.errors import ValidationFailed
from memshadow.lib.paging import Page, encode_cursor, paginate
from personas.selectors import personas_for

T = TypeVar("T")
_CONVERSATIONS_MAX = 50
_TAGS_MAX = 2000
_SNIPPET_CHARS = 280
_NO_QUESTION = "Filters alone decided: there is no question to rerank by."
_EVERYTHING = "Everything that passes the filters, newest first."


@dataclass(frozen=True, slots=True)
class Absent:
    """A value of a filter that is nothing of the owner's, and the name that was probably meant, if any."""

    key: str
    name: str
    meant: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The words to search for, and where. `absent` names what the owner does not have; then `nothing` can match."""

    text: str
    wanted: MemoryFilter
    absent: tuple[Absent, ...] = ()
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and the question that was searched for: None where filters alone decided.

    `corrected` is the query with the names that the owner lacks replaced by those that were probably meant, or empty.
    """

    asked: SearchRequest | None
    result: SearchResult
    corrected: str = ""


def parsed_for(request: SearchRequest) -> ParsedSearch:
    """The request's query taken apart at its moment of asking, in the person's zone."""
    return parse(request.query, timezone.localtime(request.at))


def ask(request: SearchRequest, *, page: int = 1, plain: bool = False, parsed: ParsedSearch | None = None) -> Answer:
    """Search for a query that may hold filters; they narrow the request's own. `page` counts from 1.

    With `plain` the query is words alone. A query of filters only lists what passes them, newest first. Raises
    ValidationFailed for a mistake in the query, with every problem in `problems`, and as `search` does.
    """
    if plain:
        return Answer(request, _page_of(request, page))
    parsed = parsed or parsed_for(request)
    if parsed.errors:
        raise _refused(parsed)
    asked = resolve(request.owner, parsed, request.wanted)
    narrowed = replace(request, query=asked.text, wanted=asked.wanted)
    if asked.nothing:
        said = tuple(absent.text for absent in asked.absent)
        report = not_reranked(request, "Nothing was found.")
        return Answer(None, SearchResult([], None, 0.0, "none", {}, said, report), _corrected(parsed, asked.absent))
    if not asked.text.strip() and parsed.operators:
        return Answer(None, _listed(narrowed, page))
    return Answer(narrowed, _page_of(narrowed, page))


def resolve(owner: User, parsed: ParsedSearch, within: MemoryFilter) -> Asked:
    """The parsed filters as ids of the owner's things, together with those of `within`."""
    parts, notices = parsed.parts, list[Absent]()
    wanted = replace(
        within,
        states=parts.states or within.states,
        kinds=_both(within.kinds, parts.kinds),
        roles=_both(within.roles, parts.roles),
        sources=_both(within.sources, _sources(owner, parts.sources, notices)),
        kinds_none=(*within.kinds_none, *parts.kinds_none),
        roles_none=(*within.roles_none, *parts.roles_none),
        sources_none=(*within.sources_none, *_sources(owner, parts.sources_none, [])),
        authors=_both(within.authors, _people(owner, parts.people, notices)),
        authors_none=(*within.authors_none, *_people(owner, parts.people_none, [])),
        persona_ids=_both(within.persona_ids, _personas(owner, parts.personas, notices)),
        persona_ids_none=(*within.persona_ids_none, *_personas(owner, parts.personas_none, [])),
        conversation_ids=_both(within.conversation_ids, _conversations(owner, parts.conversations, notices)),
        conversation_ids_none=(*within.conversation_ids_none, *_conversations(owner, parts.conversations_none, [])),
        after=_latest(within.after, parts.after),
        before=_earliest(within.before, parts.before),
        has=_both(within.has, parts.has),
        has_none=(*within.has_none, *parts.has_none),
        pinned=within.pinned if parts.pinned is None else parts.pinned,
        tags_all=(*within.tags_all, *parts.tags_all),
        tags_any=within.tags_any or parts.tags_any,
        tags_none=(*within.tags_none, *parts.tags_none),
    )
    _note_unknown_tags(owner, parts, within, notices)
    return Asked(parsed.text, wanted, tuple(notices), nothing=bool(notices) or _is_empty(within, parts, wanted))


def _refused(parsed: ParsedSearch) -> ValidationFailed:
    first = parsed.errors[0]
    problems = [
        {"message": p.message, "start": p.start, "end": p.end, "replacement": p.replacement} for p in parsed.errors
    ]
    return ValidationFailed(first.message, field="q", problems=problems)


def _page_of(request: SearchRequest, page: int) -> SearchResult:
    """A later page is the end of a longer first one: what ranks first is one computation whatever the page."""
    if page == 1 or request.cursor:
        return search(request)
    reach = page * request.limit
    if reach > settings.RETRIEVAL_MAX_RESULTS:
        most = settings.RETRIEVAL_MAX_RESULTS // request.limit
        raise ValidationFailed(f"page lies between 1 and {most} with this limit; narrow the search.", field="page")
    result = search(replace(request, limit=reach))
    return replace(result, hits=result.hits[reach - request.limit :])


def _listed(request: SearchRequest, page: int) -> SearchResult:
    rows = filtered(request.owner, request.wanted)
    if request.as_of:
        rows = rows.filter(created_at__lte=request.as_of)
    found = _list_page(selectors.with_parts(rows), request, page)
    hits = [Hit(memory, 1.0, _beginning(memory), None) for memory in found.items]
    report = not_reranked(request, _NO_QUESTION)
    return SearchResult(hits, found.next_cursor, 0.0, "none", {}, (_EVERYTHING,), report)


def _list_page(rows: Any, request: SearchRequest, page: int) -> Page[Memory]:
    if page == 1 or request.cursor:
        return paginate(rows, cursor=request.cursor, limit=request.limit, by="occurred_at")
    start = (page - 1) * request.limit
    found = list(rows.order_by("-occurred_at", "-id")[start : start + request.limit + 1])
    items = found[: request.limit]
    more = encode_cursor(items[-1].occurred_at, items[-1].id) if len(found) > len(items) else None
    return Page(items, more, None)


def _beginning(memory: Memory) -> Snippet:
    text = memory.content[:_SNIPPET_CHARS]
    return Snippet(text, [], 0, len(text))


def _both(one: Sequence[T], two: Sequence[T]) -> tuple[T, ...]:
    """The values that both allow; an empty part allows everything."""
    return tuple(value for value in one if value in two) if one and two else (*one, *two)


def _is_empty(within: MemoryFilter, parts: Named, wanted: MemoryFilter) -> bool:
    """Whether two parts that were given allow nothing together."""
    lists = ("kinds", "roles", "sources", "authors", "persona_ids", "conversation_ids", "has")
    emptied = any(getattr(within, name) and not getattr(wanted, name) for name in lists)
    opposed = within.pinned is not None and parts.pinned is not None and within.pinned != parts.pinned
    return emptied or opposed


def _latest(*moments: Any) -> Any:
    return max(filter(None, moments), default=None)


def _earliest(*moments: Any) -> Any:
    return min(filter(None, moments), default=None)


def _note_unknown_tags(owner: User, parts: Named, within: MemoryFilter, notices: list[Absent]) -> None:
    """Raises ValidationFailed for alternatives on both sides, which no filter can hold."""
    if parts.tags_any and within.tags_any:
        raise ValidationFailed("Give alternatives of tags in the query or in the filter, not in both.", field="q")
    asked_for = (*parts.tags_all, *parts.tags_any)
    unknown = unknown_tags(owner, asked_for) if asked_for else ()
    missing = [name for name in unknown if name in parts.tags_all or len(unknown) == len(asked_for)]
    if missing:
        known = selectors.newest_tag_names(owner, _TAGS_MAX)
        notices += [_absent("tag", "tag", name, known) for name in missing]


def _sources(owner: User, names: Sequence[str], notices: list[Absent]) -> tuple[str, ...]:
    """`claude` stands for import:claude, extension:claude and so on."""
    if not names:
        return ()
    known = selectors.sources_for(owner)
    found = [s for name in names for s in known if name.casefold() in (s.casefold(), source_family(s).casefold())]
    if not found:
        notices += [_absent("from", "memory from", name, [source_family(s) for s in known]) for name in names]
    return tuple(dict.fromkeys(found))


def _people(owner: User, names: Sequence[str], notices: list[Absent]) -> tuple[str, ...]:
    found = people_named(owner, names) if names else []
    if names and not found:
        notices += [_absent("by", "memory by", name, people_for(owner)) for name in names]
    return tuple(found)


def _personas(owner: User, names: Sequence[str], notices: list[Absent]) -> tuple[UUID, ...]:
    if not names:
        return ()
    known = {persona.name.casefold(): persona for persona in personas_for(owner)}
    found = [known[name.casefold()].id for name in names if name.casefold() in known]
    if not found:
        notices += [_absent("persona", "persona", name, [p.name for p in known.values()]) for name in names]
    return tuple(dict.fromkeys(found))


def _conversations(owner: User, titles: Sequence[str], notices: list[Absent]) -> tuple[UUID, ...]:
    found: list[UUID] = []
    for title in titles:
        found += selectors.conversation_ids_titled(owner, title, limit=_CONVERSATIONS_MAX)
    if titles and not found:
        notices += [
            Absent("in", title, "", f"You have no conversation with “{title}” in its title.") for title in titles
        ]
    return tuple(dict.fromkeys(found))


def _absent(key: str, what: str, name: str, known: Iterable[str]) -> Absent:
    close = nearest(name, list(known))
    guess = f" Did you mean {key}:{quoted(close)}?" if close else ""
    return Absent(key, name, close, f"You have no {what} “{name}”.{guess}")


def _corrected(parsed: ParsedSearch, absent: Sequence[Absent]) -> str:
    meant = {(one.key, one.name): one.meant for one in absent if one.meant}
    if not meant:
        return ""
    operators = (
        replace(
            operator, values=tuple(meant.get((operator.key, value.lstrip("#")), value) for value in operator.values)
        )
        for operator in parsed.operators
    )
    return to_text(replace(parsed, operators=tuple(operators)))
