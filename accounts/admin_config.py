"""Django's administration as an app, with our own site in it."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ConfirmingAdminConfig(AdminConfig):
    """In the place of `django.contrib.admin`."""

    default_site = "accounts.admin_site.ConfirmingSite"
