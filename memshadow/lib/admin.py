"""Django admin on big tables: no exact COUNT, newest first, no adding or deleting behind the services' back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import cached_property

_COUNT_EXACTLY_UP_TO = 10_000


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Counts small results exactly and takes the planner's estimate for the rest."""

    @cached_property
    def count(self) -> int:
        """Exact up to 10,000 rows; beyond that, PostgreSQL's own estimate of the table."""
        rows: Any = self.object_list
        exact = rows[: _COUNT_EXACTLY_UP_TO + 1].count()
        if exact <= _COUNT_EXACTLY_UP_TO:
            return int(exact)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [rows.model._meta.db_table]
            )
            return max(int(cursor.fetchone()[0]), int(exact))


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a page to look at; changes go through actions, which call the services."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from the product's own faces."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is edited by hand: sealed columns cannot be, and derived ones must not."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Erasing is its owner's right, through the trash."""
        return False
