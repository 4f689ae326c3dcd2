"""What the gateway keeps for a time only."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from memories.gateway import remembered
from memories.models import GatewayCall
from memshadow.lib.clock import now


def prune_gateway() -> int:
    """Remove calls that are too old to be shown, and callers that are remembered no longer; returns how many."""
    oldest = now() - timedelta(days=settings.GATEWAY_CALL_DAYS)
    return GatewayCall.objects.filter(created_at__lt=oldest).delete()[0] + remembered.prune()
