"""People: users, keys, invitations, the audit trail and each person's data keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"
