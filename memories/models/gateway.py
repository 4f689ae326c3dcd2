"""The gateway's rows: each call that went through it, the servers that people named, and how much they may use."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import ApiKey
from accounts.sealed import SealedText
from memshadow.lib.ids import new_id

_ENDING = 4
_LONG_ENOUGH = 16  # characters of a key


class Provider(models.TextChoices):
    """Whose API a server speaks."""

    OPENAI = "openai", "OpenAI, or compatible with it"
    ANTHROPIC = "anthropic", "Anthropic"
    GOOGLE = "google", "Google Gemini"


class GatewayUpstream(models.Model):
    """A server of language models that a person named, with the key that it wants."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="gateway_upstreams")
    name = models.CharField(max_length=60)
    provider = models.CharField(max_length=10, choices=Provider.choices)
    base_url = models.CharField(max_length=300)
    api_key_sealed = models.BinaryField(default=b"")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    api_key = SealedText()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="gateway_upstream_name_unique"),
            models.UniqueConstraint(
                fields=["owner", "provider"], condition=models.Q(is_default=True), name="gateway_upstream_default_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.provider})"

    @property
    def key_ending(self) -> str:
        """All of the key that is ever shown: its last four characters, of one that is long enough to spare them."""
        return self.api_key[-_ENDING:] if len(self.api_key) >= _LONG_ENOUGH else ""


class GatewayCall(models.Model):
    """One request that was passed on: what it cost, and the keyed hashes by which its conversation goes on.

    `conversation_id` is decided before the conversation's first turn is captured, and may stay without one.
    `prompt_key` stands for the conversation up to the prompt, `reply_key` for the same with the answer. `cost_microusd`
    is empty for a model without a price. Token counts are estimates where the server told none (`estimated`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="gateway_calls")
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="gateway_calls")
    conversation_id = models.UUIDField(null=True)
    dialect = models.CharField(max_length=20)
    upstream = models.CharField(max_length=255)
    model = models.CharField(max_length=120, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    ending = models.CharField(max_length=20, blank=True)
    memories_used = models.PositiveSmallIntegerField(default=0)
    memory_tokens = models.PositiveIntegerField(default=0)
    memory_state = models.CharField(max_length=20, blank=True)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    estimated = models.BooleanField(default=False)
    cost_microusd = models.PositiveBigIntegerField(null=True)
    first_byte_ms = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(default=0)
    prompt_key = models.BinaryField(max_length=32, default=b"")
    reply_key = models.BinaryField(max_length=32, default=b"")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "created_at"], name="gateway_call_recent"),
            models.Index(fields=["owner", "prompt_key"], name="gateway_call_prompt"),
            models.Index(fields=["owner", "reply_key"], name="gateway_call_reply"),
        ]

    def __str__(self) -> str:
        return f"gateway call {self.id}"


class GatewayLimit(models.Model):
    """How much a person, or one of their keys, may use; empty is without limit. Days and months are those of UTC.

    `by_administrator`: set for the person by who manages the server, beside the person's own, which cannot lift it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="gateway_limits")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, related_name="gateway_limits")
    tokens_a_day = models.PositiveBigIntegerField(null=True)
    usd_a_month = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    by_administrator = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "api_key", "by_administrator"], nulls_distinct=False, name="gateway_limit_once"
            )
        ]

    def __str__(self) -> str:
        return f"gateway limit {self.id}"
