"""`manage.py rotate_master_key`: a new master key, while the server runs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.flows.rotating_master_key import rotate_master_key
from memshadow.lib.errors import MemshadowError


class Command(BaseCommand):
    help = (
        "Wrap every data key under a new master key, in one step, while everything works. A key file is replaced; "
        "with MEMSHADOW_MASTER_KEY or a command, put the new key behind the old one first (docs/operations.md)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what is left to do."""
        try:
            done = rotate_master_key()
        except MemshadowError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"The master key is new: {done.data_keys} data keys, {done.server_keys} server keys and {done.secrets} "
            f"secrets of the server in {done.took_s:.1f} s."
        )
        if done.remove_old:
            self.stdout.write(f"Now take the old key out of {done.remove_old}, and restart when it suits you.")
        self.stdout.write("Keep the new key with your backups; backups made before open with the old one only.")
