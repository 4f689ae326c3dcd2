"""Personas: the hats that a person wears, each with memories of its own."""

from django.apps import AppConfig


class PersonasConfig(AppConfig):
    name = "personas"
    verbose_name = "Personas"
