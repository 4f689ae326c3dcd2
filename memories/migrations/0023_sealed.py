"""Memories that their owner sealed, and the vectors that the owner's client made of them."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("memories", "0022_screening_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("memory", "is_sealed", models.BooleanField(default=False)),
        migrations.AddField("memory", "ciphertext_sealed", models.BinaryField(default=b"")),
        migrations.AddField("searchentry", "sealed", models.BooleanField(db_default=False, default=False)),
        migrations.CreateModel(
            name="SealedVectors",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model_name", models.CharField(max_length=100)),
                ("dimension", models.PositiveSmallIntegerField()),
                ("count", models.PositiveSmallIntegerField()),
                ("packed", models.BinaryField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "memory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sealed_vectors",
                        to="memories.memory",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name_plural": "sealed vectors"},
        ),
        migrations.AddConstraint(
            model_name="sealedvectors",
            constraint=models.UniqueConstraint(fields=("memory", "model_name"), name="sealed_vectors_once_a_model"),
        ),
    ]
