"""The project as an app: its management commands and system checks."""

from django.apps import AppConfig


class MemshadowConfig(AppConfig):
    name = "memshadow"
    verbose_name = "MEMSHADOW"

    def ready(self) -> None:
        """Register the numbered system checks, the quick reading of times and the wall; guard foreign actions."""
        from django.apps import apps
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate

        from memshadow import checks  # noqa: F401
        from memshadow.lib.jobs import guard_admin_actions
        from memshadow.lib.row_wall import stand_guard
        from memshadow.lib.timestamps import read_times_quickly
        from memshadow.row_security import raise_wall

        guard_admin_actions()
        connection_created.connect(read_times_quickly)
        connection_created.connect(stand_guard)
        # Once, after all migrations: signals come for apps with models, and memories is one.
        post_migrate.connect(raise_wall, sender=apps.get_app_config("memories"), dispatch_uid="row-security")
