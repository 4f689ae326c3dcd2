"""The project as an app: its management commands and system checks."""

from django.apps import AppConfig


class MemshadowConfig(AppConfig):
    name = "memshadow"
    verbose_name = "MEMSHADOW"

    def ready(self) -> None:
        """Register the numbered system checks, and the quick reading of times."""
        from django.db.backends.signals import connection_created

        from memshadow import checks  # noqa: F401
        from memshadow.lib.timestamps import read_times_quickly

        connection_created.connect(read_times_quickly)
