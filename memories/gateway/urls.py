"""Addresses of the gateway. They stand after all others and name only what they serve: /v1/ belongs to others too."""

from django.urls import path, re_path

from memories.gateway import views

app_name = "gateway"
_VENDORS = (
    r"v1/chat/completions",
    r"v1/responses",
    r"v1/messages(?:/count_tokens)?",
    r"v1/embeddings",
    r"v1/models(?:/[^/:]+){0,2}",
    r"v1(?:beta|alpha)?/models/[^/:]+:\w+",
    r"v1beta/models(?:/[^/:]+)?",
)
urlpatterns = [
    re_path(rf"^(?:{'|'.join(_VENDORS)})\Z", views.vendor, name="vendor"),
    path("gateway/<path:given>", views.router, name="router"),
]
