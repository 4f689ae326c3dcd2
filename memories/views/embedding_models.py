"""Embedding models: which one search uses, how far another is, and what they do; for the server's managers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.models import User
from memories import embedding_usage
from memories.embedding import ModelSpec
from memories.forms import EmbeddingModelForm
from memories.generations import WRITTEN, State
from memories.models import EmbeddingModel
from memories.services import embedding_models as services
from memories.services import sealing
from memories.services.switching import progress_of
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, ValidationFailed
from memshadow.lib.htmx import render_page

_MOVING = (State.BUILDING, State.DROPPING)


@needs("server")
@require_http_methods(["GET", "POST"])
def embedding_models(request: HttpRequest) -> HttpResponse:
    """Every model with its progress, what they did in the last day, and a form that adds one."""
    by = signed_in(request)
    form = EmbeddingModelForm(request.POST or None)
    if request.method == "POST" and (added := _add(by, form)):
        messages.success(request, f"{added.name} is added. Search does not use it until you activate it.")
        return redirect("memories:embedding_models")
    models = [_shown(row) for row in EmbeddingModel.objects.order_by("id")]
    context = {
        "models": models,
        "moving": any(model["state"] in _MOVING and not model["paused"] for model in models),
        "form": form,
        "drop_fields": [("action", "drop")],
        "usage": embedding_usage.usage_of_last_day(),
    }
    return render_page(request, "memories/embedding_models.html", "memories/_embedding_models.html", context)


@needs("server")
@require_POST
def embedding_model_action(request: HttpRequest, model_name: str) -> HttpResponse:
    """Activate, pause, resume or drop a model."""
    by = signed_in(request)
    model = services.embedding_model_or_404(model_name)
    action = request.POST.get("action", "")
    if action == "drop" and (page := _asked(request, model)):
        return page
    try:
        messages.success(request, _act(by, model, action))
    except MemshadowError as error:
        messages.error(request, error.message)
    return redirect("memories:embedding_models")


def _add(by: User, form: EmbeddingModelForm) -> EmbeddingModel | None:
    if not form.is_valid():
        return None
    try:
        return services.add_embedding_model(by=by, spec=form.spec(), name=form.cleaned_data["name"])
    except MemshadowError as error:
        form.refuse(error)
        return None


def _asked(request: HttpRequest, model: EmbeddingModel) -> HttpResponse | None:
    return ask_first(
        request,
        question=f"Drop {model.name}?",
        text="Its vectors are deleted; to use it again, they must all be made again. Memories are not touched.",
        yes="Drop",
        back_url=reverse("memories:embedding_models"),
    )


def _act(by: User, model: EmbeddingModel, action: str) -> str:
    """Do it and say what was done."""
    if action in ("activate", "activate_despite"):
        services.activate(by=by, model=model, despite_failures=action == "activate_despite")
        if model.state == State.ACTIVE:
            return f"Search uses {model.name} now."
        return f"The vectors of {model.name} are being made. Search goes on as before and changes over by itself."
    if action == "pause":
        services.pause(by=by, model=model)
        return f"{model.name} is paused. What is done stays."
    if action == "resume":
        services.resume(by=by, model=model)
        return f"{model.name} is being built again."
    if action == "drop":
        services.drop(by=by, model=model)
        return f"{model.name} is being dropped."
    raise ValidationFailed("action is one of activate, activate_despite, pause, resume, drop.", field="action")


def _shown(row: EmbeddingModel) -> dict[str, Any]:
    progress, spec = progress_of(row), ModelSpec.of(row.provider, row.dimension, row.config)
    return {
        "name": row.name,
        "provider": row.provider,
        "model": spec.model,
        "dimension": row.dimension,
        "precision": spec.precision if row.provider == "local" else "",
        "endpoints": spec.endpoints,
        "state": row.state,
        "state_text": row.get_state_display(),
        "paused": row.paused,
        "error": row.error,
        "activated_at": row.activated_at,
        "progress": progress if row.state == State.BUILDING else None,
        "only_failed_left": progress.failed and progress.done + progress.failed == progress.total,
        "sealed_lacking": sealing.count_lacking(row.name, row.dimension) if row.state in WRITTEN else 0,
        "url": reverse("memories:embedding_model_action", args=[row.name]),
    }
