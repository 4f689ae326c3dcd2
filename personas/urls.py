"""Addresses of the persona pages."""

from django.urls import path

from personas import views

app_name = "personas"
urlpatterns = [
    path("", views.list_personas, name="list"),
    path("new/", views.create, name="create"),
    path("<uuid:persona_id>/", views.edit, name="edit"),
]
