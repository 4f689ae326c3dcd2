"""Webhooks: the list with a form for a new one, and each with what it was sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import needs, signed_in
from accounts.views.confirming import confirmed_to_change
from memories.access import delivery_or_404, webhook_or_404
from memories.forms import WebhookForm
from memories.models import Webhook
from memories.services import webhooks as services
from memshadow.lib.confirming import ask_first
from memshadow.lib.errors import MemshadowError, NotFound
from memshadow.lib.paging import paginate

_SHOWN = 50


@needs("account")
@never_cache
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def webhooks(request: HttpRequest) -> HttpResponse:
    """The list, and a new one, whose secret this answer alone shows."""
    person, form = signed_in(request), WebhookForm(request.POST or None)
    context: dict[str, object] = {}
    if request.method == "POST" and form.is_valid():
        try:
            context["made"] = services.create_webhook(owner=person, **form.cleaned_data)
            form = WebhookForm()
        except MemshadowError as error:
            form.refuse(error)
    rows = list(Webhook.objects.filter(owner=person).order_by("-created_at"))
    return render(request, "memories/webhooks.html", {"rows": rows, "form": form, **context})


@needs("account")
@require_GET
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One of them, and what it was sent, newest first."""
    row = webhook_or_404(signed_in(request), webhook_id)
    page = paginate(row.deliveries.all(), cursor=request.GET.get("cursor"), limit=_SHOWN)
    here = reverse("memories:webhook", args=[row.id])
    older = f"{here}?cursor={page.next_cursor}" if page.next_cursor else ""
    newer = here if request.GET.get("cursor") else ""
    context = {"hook": row, "deliveries": page.items, "older_url": older, "newer_url": newer}
    return render(request, "memories/webhook.html", context)


@needs("account")
@require_POST
@confirmed_to_change
def webhook_action(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Test it, switch it off or on, or remove it."""
    row, action = webhook_or_404(signed_in(request), webhook_id), request.POST.get("action", "")
    if action == "delete":
        return _delete(request, row)
    if action == "test":
        services.send_test(webhook=row)
        messages.success(request, "A test is on its way; see below in a moment whether it arrived.")
    elif action in ("on", "off"):
        services.edit_webhook(webhook=row, is_active=action == "on")
        messages.success(request, "It is switched on." if action == "on" else "It is switched off; events wait.")
    else:
        raise NotFound("There is no such action.")
    return redirect("memories:webhook", row.id)


@needs("account")
@require_POST
@confirmed_to_change
def delivery_replay(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Send a message again."""
    row = services.replay(delivery=delivery_or_404(signed_in(request), delivery_id))
    messages.success(request, "It is sent again.")
    return redirect("memories:webhook", row.webhook_id)


def _delete(request: HttpRequest, row: Webhook) -> HttpResponse:
    page = ask_first(
        request,
        question="Remove this webhook?",
        text="Its address is told of nothing more, and its messages are forgotten.",
        yes="Remove it",
        back_url=reverse("memories:webhook", args=[row.id]),
    )
    if page is not None:
        return page
    services.delete_webhook(webhook=row)
    messages.success(request, "The webhook was removed.")
    return redirect("memories:webhooks")
