"""People: users, keys, invitations, the audit trail and each person's data keys."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Every sign-in, by whatever way, begins a session afresh and is recorded; factors confirm as passwords do."""
        from django.contrib.auth.signals import user_logged_in

        from accounts import sign_in_events
        from accounts.audit.chain import reseal
        from accounts.flows.confirming import offer
        from accounts.flows.sessions import begin_session
        from accounts.mfa.proving import CodeProof, PasskeyProof
        from accounts.server_keys import on_rotation
        from accounts.spaces import groups

        user_logged_in.connect(begin_session, dispatch_uid="begin-session")
        sign_in_events.listen()
        groups.listen()
        offer(CodeProof())
        offer(PasskeyProof())
        on_rotation("audit-chain", reseal)
        post_migrate.connect(_adopt_older_entries, sender=self)


def _adopt_older_entries(**_: Any) -> None:
    """Entries from before the audit trail was a chain are taken into it."""
    from accounts.audit.chain import adopt_older_entries

    adopt_older_entries()
