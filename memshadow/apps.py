"""The project as an app: its management commands and system checks."""

from django.apps import AppConfig


class MemshadowConfig(AppConfig):
    name = "memshadow"
    verbose_name = "MEMSHADOW"

    def ready(self) -> None:
        """Register the numbered system checks."""
        from memshadow import checks  # noqa: F401
