"""`/in/<space>/library/` is the page at `/library/`, for the memories of that space."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, set_script_prefix

from accounts.permissions import PERMISSIONS
from accounts.spaces.acting import name_no_space, name_space, own_prefix_of

_OF_SPACE = re.compile(r"/in/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(/.*)", re.DOTALL)
_SAFE = ("GET", "HEAD")


class SpaceMiddleware:
    """Takes the space off the address, and has every link of the page begin with it.

    Only what means something in a space is there: pages about the person or the server are at their own addresses, to
    which links of a space's pages lead on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer of the page behind the space."""
        found = _OF_SPACE.fullmatch(request.path_info)
        if found is None:
            return self.get_response(request)
        own = get_script_prefix()
        name_space(request, found[1], own_prefix=own)
        request.path_info = found[2]
        set_script_prefix(f"{own}in/{found[1]}/")
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(own)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Lead on from what is not a space's."""
        own = own_prefix_of(request)
        if get_script_prefix() == own:
            return None
        needs: tuple[str, ...] = getattr(view, "needs", ())
        if any(name in PERMISSIONS and PERMISSIONS[name].in_space for name in needs):
            if not request.user.is_authenticated:
                set_script_prefix(own)  # of the page to sign in on, which leads back here
            return None
        name_no_space(request)
        set_script_prefix(own)
        if request.method in _SAFE:
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(own + request.path_info[1:] + (f"?{query}" if query else ""))
        if not needs:
            raise Http404  # programs and the administration have their own addresses only
        return None
