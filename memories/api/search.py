"""Search: in plain words, by meaning and by words at once, with filters in the question or beside it."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Router
from pydantic import BaseModel, Field, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema

from accounts.models import User
from accounts.scopes import ApiRequest, scope
from memories import asking
from memories.api.parameters import FilterIn
from memories.api.search_schemas import Asking, SearchIn, SearchOut, SearchQuery
from memories.services.feedback import log_retrieval
from memories.suggesting import complete
from memshadow.lib.errors import MemshadowError
from memshadow.lib.problems import FieldProblem, in_plain_words
from memshadow.lib.strict import StrictModel, StrictQuery

router = Router(tags=["Search"])

BATCH_MAX = 50


class _DescribedAsSearch:
    """Described as SearchIn, and checked one by one later: a mistake in one must not cost the answers of the others."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(SearchIn.__pydantic_core_schema__)


Unchecked = Annotated[Any, _DescribedAsSearch()]


class SearchBatchIn(StrictModel):
    """Up to 50 searches, each as `POST /search` takes it."""

    searches: list[Unchecked] = Field(
        min_length=1, max_length=BATCH_MAX, examples=[[{"q": "roof repair"}, {"q": "kind:fact birthday", "limit": 3}]]
    )


class SearchErrorOut(BaseModel):
    """Why one search of a batch was not answered."""

    status: int = Field(description="The HTTP status that it would have had alone.")
    code: str
    detail: str
    errors: list[FieldProblem]


class BatchedOut(BaseModel):
    """One search's answer, or its error."""

    result: SearchOut | None
    error: SearchErrorOut | None


class SearchBatchOut(BaseModel):
    """What became of each search, in the order of the request."""

    items: list[BatchedOut]


class SuggestionQuery(StrictModel):
    """What stands in the search box so far."""

    q: str = Field(default="", max_length=2000)
    cursor: int | None = Field(default=None, ge=0, description="Where the caret stands, in characters; at the end.")
    limit: int = Field(default=8, ge=1, le=20)


class SuggestionOut(BaseModel):
    """One way to go on."""

    kind: str = Field(
        description="filter, tag, kind, source, person, role, persona, conversation, state, finding, date or saved."
    )
    label: str
    detail: str = Field(description="A few words about it, which may be empty.")
    text: str = Field(description="What q becomes when it is chosen.")
    cursor: int = Field(description="Where the caret stands then.")


class SuggestionListOut(BaseModel):
    """Ways to go on, the likeliest first."""

    items: list[SuggestionOut]


def answer(owner: User, asked: Asking, filters: FilterIn) -> SearchOut:
    """Search, note it for feedback, and put the result in its schema."""
    found = asking.ask(asked.request(owner, filters), page=asked.page, plain=asked.plain)
    noted = log_retrieval(owner=owner, request=found.asked, result=found.result, via="api") if found.asked else None
    return SearchOut.of(found.result, retrieval_id=noted, asked=asked)


@router.get("/search", auth=scope("memories:read"), response=SearchOut)
def search_memories(request: ApiRequest, query: Annotated[SearchQuery, StrictQuery(...)]) -> SearchOut:
    """Find the memories that answer a question."""
    return answer(request.auth.owner, query, query)


@router.post("/search", auth=scope("memories:read"), response=SearchOut)
def search_memories_by_body(request: ApiRequest, search: SearchIn) -> SearchOut:
    """Find the memories that answer a question, with everything that can be said about the answer.

    Also for long questions, and for those that should not stand in an address (and so in access logs).
    """
    return answer(request.auth.owner, search, search.filters)


@router.post("/search/batch", auth=scope("memories:read"), response=SearchBatchOut)
def search_batch(request: ApiRequest, batch: SearchBatchIn) -> SearchBatchOut:
    """Ask up to 50 questions at once; each is answered or has its error."""
    return SearchBatchOut(items=[_one_of_batch(request.auth.owner, given) for given in batch.searches])


@router.get("/search/suggestions", auth=scope("memories:read"), response=SuggestionListOut)
def list_suggestions(request: ApiRequest, query: Annotated[SuggestionQuery, StrictQuery(...)]) -> SuggestionListOut:
    """Suggest how a question may go on: filters, and the owner's own tags, people, titles and saved searches."""
    found = complete(request.auth.owner, query.q, query.cursor, limit=query.limit)
    items = [SuggestionOut(kind=s.kind, label=s.label, detail=s.detail, text=s.text, cursor=s.cursor) for s in found]
    return SuggestionListOut(items=items)


def _one_of_batch(owner: User, given: Any) -> BatchedOut:
    try:
        asked = SearchIn.model_validate(given)
        return BatchedOut(result=answer(owner, asked, asked.filters), error=None)
    except ValidationError as error:
        return BatchedOut(result=None, error=_invalid(error))
    except MemshadowError as error:
        field = str(error.details.get("field", ""))
        problems = [FieldProblem(field=field, message=error.message, code=error.code, location="body")]
        refused = SearchErrorOut(status=error.status, code=error.code, detail=error.message, errors=problems)
        return BatchedOut(result=None, error=refused)


def _invalid(error: ValidationError) -> SearchErrorOut:
    problems = [
        FieldProblem(field=field, message=in_plain_words(found), code=found["type"].replace("_", "-"), location="body")
        for found in error.errors(include_url=False, include_input=False)
        for field in _fields(found)
    ]
    detail = f"{problems[0].field}: {problems[0].message}".removeprefix(": ")
    return SearchErrorOut(status=422, code="validation-failed", detail=detail, errors=problems)


def _fields(found: Any) -> list[str]:
    """Where the mistake is; of unknown names, each."""
    names = found["ctx"]["names"] if found["type"] == "unknown_field" else [""]
    return [".".join(map(str, filter(None, (*found["loc"], name[:80])))) for name in names]
