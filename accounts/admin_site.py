"""The administration's site: looking is free, and whoever changes something has proved within minutes who they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib.admin import AdminSite
from django.http.response import HttpResponseBase

from accounts.views.confirming import confirmed_to_change

_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


class ConfirmingSite(AdminSite):
    """Every form of every registered model asks, by construction: `admin_view` stands around each of its views."""

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """The view behind the check of rights, and behind that of the person; signing out is no change."""
        asked = view if view == self.logout else confirmed_to_change(view)
        return super().admin_view(asked, cacheable)
