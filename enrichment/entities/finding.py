"""All that a text names, in one pass over its passages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import chain

from django.conf import settings

from enrichment.entities import (
    _identifiers,
    _known,
    _money,
    _names,
    _network,
    _numbers,
    _paths,
    _phones,
    _security,
    _times,
    _versions,
    _web,
)
from enrichment.entities._found import Found, without_overlaps
from enrichment.language import parsed, passages


def find_entities(
    text: str,
    *,
    language: str = "",
    occurred_at: datetime | None = None,
    people: Collection[str] = (),
    names: bool = True,
) -> list[Found]:
    """What a text names, in order and without overlaps; an exact pattern goes before a name of the pipeline.

    `language` is ISO 639-1; one without a pipeline gets patterns only, as does `names=False`. Dates are read from
    `occurred_at` and its time zone. `people` are names that are persons' for certain. Raises PipelineMissing.
    """
    at = occurred_at or datetime.now(UTC)
    found: list[Found] = []
    for place, passage in passages(text):
        seen = chain(_exact(passage, language, at), _named(passage, language, people) if names else ())
        found += [one.moved(place) for one in without_overlaps(seen)]
    return found


def _exact(text: str, language: str, at: datetime) -> Iterator[Found]:
    """Every pattern's, those first that take precedence where two overlap."""
    yield from _web.urls(text)
    yield from _web.emails(text)
    yield from _security.hashes(text)
    yield from _network.macs(text)
    yield from _network.addresses(text)
    yield from _security.vulnerabilities(text)
    yield from _security.techniques(text)
    yield from _numbers.ibans(text)
    yield from _numbers.isbns(text)
    yield from _paths.paths(text)
    yield from _web.domains(text)
    yield from _money.amounts(text)
    yield from _times.dates(text, language, at)
    yield from _versions.versions(text)
    yield from _times.times(text)
    yield from _phones.phones(text, language)
    yield from _identifiers.identifiers(text)


def _named(text: str, language: str, people: Collection[str]) -> Iterator[Found]:
    """Names that are known for certain, then the pipeline's."""
    rule = settings.SPACY_PIPELINES.get(language.replace("_", "-").split("-")[0].lower(), "")
    docs = parsed([text], language) or ()
    named = [one for doc in docs for one in _names.names(doc, text, rule)]
    fuller = [one for one in named if one.kind == "person" and any(name in one.text for name in people)]
    yield from fuller
    yield from _known.people(text, people)
    yield from _known.addressed(text)
    yield from _known.works(text)
    yield from _known.products(text)
    yield from named
