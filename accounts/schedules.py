"""When the accounts' sweeps run."""

from __future__ import annotations

from memshadow.lib.jobs import every


def keep_schedules() -> None:
    """Make the schedules that are missing and bring the others up to date."""
    every(1, "accounts.tasks.rotate_data_keys", "Encrypt again under new data keys")
    every(1, "accounts.tasks.look_for_guessing", "Look for guessed passwords")
    every(5, "accounts.tasks.mail_signals", "Mail security notices")
    every(1, "accounts.tasks.send_mail", "Mail to who forgot a password")
    every(5, "accounts.tasks.tend_spaces", "Give and take keys of spaces as groups change")
    every(60, "accounts.tasks.tidy", "Tidy up accounts")
    every(60, "accounts.tasks.erase_accounts", "Erase accounts whose day has come")
    every(24 * 60, "accounts.tasks.tend_audit", "Check and tidy the audit trail")
