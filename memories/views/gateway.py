"""The gateway's pages: servers of language models, and how clients are pointed here."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.views.confirming import confirmed_to_change
from memories.access import upstream_or_404
from memories.forms import UpstreamForm
from memories.gateway import upstreams as services
from memories.gateway.snippets import snippets_for
from memories.gateway.trying import models_of
from memories.models import GatewayUpstream
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, NotFound

_MODELS_SHOWN = 12


@needs("account")
@never_cache
@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def gateway(request: HttpRequest) -> HttpResponse:
    """The servers, a new one, and what to write into a client."""
    person, form = signed_in(request), UpstreamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.add_upstream(owner=person, **form.cleaned_data)
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, f"“{row.name}” is stored. Try it to see whether it answers.")
            return redirect("memories:gateway")
    rows = list(GatewayUpstream.objects.filter(owner=person).order_by("provider", "created_at"))
    here = f"{request.scheme}://{request.get_host()}"
    context = {"rows": rows, "form": form, "snippets": snippets_for(here), "here": here}
    return render(request, "memories/gateway.html", context)


@needs("account")
@never_cache
@sensitive_post_parameters("api_key")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def gateway_server(request: HttpRequest, upstream_id: UUID) -> HttpResponse:
    """Change one of them."""
    row = upstream_or_404(signed_in(request), upstream_id)
    form = UpstreamForm(request.POST or None, upstream=row, initial=UpstreamForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_upstream(upstream=row, **form.change())
        except MemshadowError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("memories:gateway")
    return render(request, "memories/gateway_server.html", {"server": row, "form": form})


@needs("account")
@require_POST
@confirmed_to_change
def gateway_server_action(request: HttpRequest, upstream_id: UUID) -> HttpResponse:
    """Try it, make it the default of its provider, take its key away, or remove it."""
    row, action = upstream_or_404(signed_in(request), upstream_id), request.POST.get("action", "")
    if action == "remove":
        return _remove(request, row)
    if action == "try":
        _try(request, row)
    elif action == "default":
        services.edit_upstream(upstream=row, is_default=True)
        messages.success(request, f"“{row.name}” is asked when a client names no other.")
    elif action == "forget-key":
        services.edit_upstream(upstream=row, api_key="")
        messages.success(request, f"The key of “{row.name}” is forgotten.")
    else:
        raise NotFound("There is no such action.")
    return redirect("memories:gateway")


def _try(request: HttpRequest, row: GatewayUpstream) -> None:
    try:
        found = models_of(row)
    except MemshadowError as error:
        messages.error(request, f"“{row.name}”: {error.message}")
        return
    more = f" and {len(found) - _MODELS_SHOWN} more" if len(found) > _MODELS_SHOWN else ""
    listed = ", ".join(found[:_MODELS_SHOWN]) + more
    messages.success(request, f"“{row.name}” answers and has {listed or 'no model'}.")


def _remove(request: HttpRequest, row: GatewayUpstream) -> HttpResponse:
    page = ask_first(
        request,
        question=f"Remove the server “{row.name}”?",
        text="Its key is forgotten, and clients that need it are refused.",
        yes="Remove it",
        back_url=reverse("memories:gateway"),
    )
    if page is not None:
        return page
    services.remove_upstream(upstream=row)
    messages.success(request, "The server was removed.")
    return redirect("memories:gateway")
