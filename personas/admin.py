"""Personas in the administration, their names sealed."""

from __future__ import annotations

from django.contrib import admin

from memshadow.lib.admin import ReadOnlyAdmin
from personas.models import Persona


@admin.register(Persona)
class PersonaAdmin(ReadOnlyAdmin):
    """Who has how many personas."""

    list_display = ("id", "owner", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "owner__email")
    exclude = ("name_sealed", "description_sealed", "name_key")
