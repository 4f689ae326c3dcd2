"""Models that context is prepared for, and verdicts on what was prepared."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import memshadow.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0024_sealed_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContextTarget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=memshadow.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "match",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100), blank=True, default=list, size=None
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("openai", "OpenAI and compatible"),
                            ("anthropic", "Anthropic"),
                            ("google", "Google"),
                            ("local", "A server of one's own"),
                            ("text", "Plain text"),
                        ],
                        max_length=12,
                    ),
                ),
                ("window", models.PositiveIntegerField(blank=True, null=True)),
                ("output", models.PositiveIntegerField(blank=True, null=True)),
                ("format", models.CharField(blank=True, max_length=20)),
                ("style", models.CharField(blank=True, max_length=12)),
                ("layout", models.CharField(blank=True, max_length=12)),
                (
                    "special",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("tokenizer", models.CharField(blank=True, max_length=40)),
                ("system_role", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="context_targets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"), name="context_target_unique", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContextVerdict",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=memshadow.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("too_long", "Too long"), ("missing", "Missing something")], max_length=10
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "retrieval",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="context_verdicts",
                        to="memories.retrieval",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "-created_at", "-id"], name="context_verdict_recent")],
                "constraints": [models.UniqueConstraint(fields=("owner", "retrieval"), name="context_verdict_unique")],
            },
        ),
    ]
