#!/usr/bin/env python
"""Django's command line, with the embedded database up for as long as the command runs."""

import os
import sys


def main() -> None:
    """Run one management command; start the embedded PostgreSQL for it when none is running."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memshadow.settings")
    from django.core.management import execute_from_command_line

    from memshadow import embedded_postgres

    with embedded_postgres.for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
