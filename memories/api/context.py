"""Contexts: the memories that a prompt needs, conversations between formats, and the models that both are made for."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field, StringConstraints

from accounts.scopes import ApiRequest, scope
from memories import context
from memories.access import context_target_or_404
from memories.api.context_schemas import (
    ContextIn,
    ContextOut,
    FormatName,
    LayoutName,
    LearntOut,
    TargetOut,
    learnt_out,
)
from memories.context import adding as services
from memories.context.targets import of_row
from memories.services.context import forget_verdicts, judge_context
from memshadow.lib.strict import NOT_GIVEN, Flag, StrictModel

router = Router(tags=["Context"])

ProviderName = Literal["openai", "anthropic", "google", "local", "text"]
StyleName = Literal["markdown", "xml", "plain"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Match = Annotated[list[Name], Field(max_length=services.MATCH_MAX)]
Special = Annotated[
    list[Annotated[str, StringConstraints(max_length=services.SPECIAL_MAX_CHARS)]],
    Field(max_length=services.SPECIAL_MAX),
]
Window = Annotated[int, Field(ge=services.WINDOW_MIN, le=services.WINDOW_MAX)]
Output = Annotated[int, Field(ge=1, le=services.WINDOW_MAX)]
Tokenizer = Annotated[str, StringConstraints(max_length=40, pattern=r"^[\w.-]*$")]


class ConvertIn(StrictModel):
    """A conversation in one format, to be written in another."""

    messages: Any = Field(
        description="As the API of `from` takes them: a list, an object with `messages`, `input` or `contents`, or a "
        "text.",
        examples=[[{"role": "user", "content": "Hello"}]],
    )
    source: FormatName = Field(alias="from")
    target: FormatName = Field(alias="to")


class ConvertOut(BaseModel):
    """The conversation in the other format."""

    messages: Any
    format: str
    losses: list[str] = Field(description="What the format could not hold, in plain words; empty: nothing was lost.")


class TargetIn(StrictModel):
    """A model of your own. What is left out is as its provider's usual models are."""

    name: Name = Field(examples=["my-llama"])
    provider: ProviderName
    match: Match = Field(default=[], description="Further names and patterns, * for anything.")
    window: Window | None = Field(default=None, description="Tokens that it reads and writes in all.")
    output: Output | None = Field(default=None, description="Tokens that it writes at most.")
    format: Literal[FormatName, ""] = ""
    style: Literal[StyleName, ""] = Field(default="", description="How the block is written.")
    layout: Literal[LayoutName, ""] = ""
    special: Special = Field(default=[], description="Texts that its templates give a meaning.")
    tokenizer: Tokenizer = Field(default="", description="Name of a file in the models' folder (docs/context.md).")
    system_role: Flag = Field(default=True, description="Whether it takes a system message.")


class TargetPatch(StrictModel):
    """What to change; parts left out stay. A null number, or an empty text or list, is the provider's."""

    name: Name = Field(default=NOT_GIVEN)
    provider: ProviderName = Field(default=NOT_GIVEN)
    match: Match = Field(default=NOT_GIVEN)
    window: Window | None = None
    output: Output | None = None
    format: Literal[FormatName, ""] = Field(default=NOT_GIVEN)
    style: Literal[StyleName, ""] = Field(default=NOT_GIVEN)
    layout: Literal[LayoutName, ""] = Field(default=NOT_GIVEN)
    special: Special = Field(default=NOT_GIVEN)
    tokenizer: Tokenizer = Field(default=NOT_GIVEN)
    system_role: Flag = Field(default=NOT_GIVEN)


class TargetListOut(BaseModel):
    """Your models, then the server's, then the shipped ones: the order in which a name is looked for."""

    items: list[TargetOut]


class VerdictIn(StrictModel):
    """What you say of a context as a whole."""

    retrieval_id: UUID = Field(description="`retrieval_id` of the context.")
    verdict: Literal["too_long", "missing"]


@router.post("/context", auth=scope("memories:read"), response=ContextOut)
def prepare_context(request: ApiRequest, asked: ContextIn) -> ContextOut:
    """Prepare the memories that a prompt needs, in messages that are ready to send."""
    return ContextOut.of(context.prepare(request.auth.owner, asked.request()))


@router.post("/context/convert", auth=scope("memories:read"), response=ConvertOut)
def convert_context(request: ApiRequest, given: ConvertIn) -> ConvertOut:
    """Write a prepared context or a whole conversation in another model's format, and say what that cannot hold."""
    made = context.convert(given.messages, given.source, given.target)
    return ConvertOut(messages=made.messages, format=given.target, losses=list(made.losses))


@router.get("/context/targets", auth=scope("memories:read"), response=TargetListOut)
def list_context_targets(request: ApiRequest) -> TargetListOut:
    """List the models that contexts are prepared for: your own, the server's and the shipped ones."""
    return TargetListOut(items=[TargetOut.of(target) for target in context.targets_for(request.auth.owner)])


@router.post("/context/targets", auth=scope("memories:write"), response={201: TargetOut})
def create_context_target(request: ApiRequest, target: TargetIn) -> Status[TargetOut]:
    """Add a model of your own; it comes before the server's and the shipped ones."""
    row = services.add_target(owner=request.auth.owner, values=target.model_dump())
    return Status(201, TargetOut.of(of_row(row)))


@router.get("/context/targets/{uuid:target_id}", auth=scope("memories:read"), response=TargetOut)
def get_context_target(request: ApiRequest, target_id: UUID) -> TargetOut:
    """Read one of your own models."""
    return TargetOut.of(of_row(context_target_or_404(request.auth.owner, target_id)))


@router.patch("/context/targets/{uuid:target_id}", auth=scope("memories:write"), response=TargetOut)
def edit_context_target(request: ApiRequest, target_id: UUID, patch: TargetPatch) -> TargetOut:
    """Change one of your own models."""
    row, owner = context_target_or_404(request.auth.owner, target_id), request.auth.owner
    values = patch.model_dump(exclude_unset=True)
    return TargetOut.of(of_row(services.edit_target(target=row, by=owner, values=values)))


@router.delete("/context/targets/{uuid:target_id}", auth=scope("memories:delete"), response={204: None})
def delete_context_target(request: ApiRequest, target_id: UUID) -> Status[None]:
    """Remove one of your own models."""
    owner = request.auth.owner
    services.remove_target(target=context_target_or_404(owner, target_id), by=owner)
    return Status(204, None)


@router.post("/feedback/context", auth=scope("memories:write"), response=LearntOut)
def judge_prepared_context(request: ApiRequest, given: VerdictIn) -> LearntOut:
    """Say that a context was too long or missed something; answers with what that changes for the next one."""
    owner = request.auth.owner
    judge_context(owner=owner, verdict=given.verdict, retrieval_id=given.retrieval_id)
    return learnt_out(context.learnt_from(owner))


@router.get("/feedback/context", auth=scope("memories:read"), response=LearntOut)
def get_context_feedback(request: ApiRequest) -> LearntOut:
    """Read what verdicts on contexts have changed."""
    return learnt_out(context.learnt_from(request.auth.owner))


@router.delete("/feedback/context", auth=scope("memories:write"), response={204: None})
def forget_context_feedback(request: ApiRequest) -> Status[None]:
    """Take back all verdicts on contexts, with what they changed."""
    forget_verdicts(owner=request.auth.owner)
    return Status(204, None)
