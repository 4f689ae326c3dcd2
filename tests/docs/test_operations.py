"""docs/operations.md names every variable, check and deploy file that exists, and none that does not."""

from __future__ import annotations

import re
from pathlib import Path

from memshadow.settings.env import Env

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def variables() -> set[str]:
    """The names of all environment variables that the product reads."""
    return {str(field.validation_alias or f"MEMSHADOW_{name.upper()}") for name, field in Env.model_fields.items()}


def test_every_variable_is_in_the_table_and_nothing_else() -> None:
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE)) == variables()


def test_every_numbered_check_is_explained() -> None:
    modules = (ROOT / "memshadow" / name for name in ("checks.py", "database_health.py"))
    raised = {
        number
        for module in modules
        for number in re.findall(r'"(memshadow\.[EW]\d+)"', module.read_text(encoding="utf-8"))
    }
    assert raised == set(re.findall(r"^\| `(memshadow\.[EW]\d+)`", TEXT, re.MULTILINE))


def test_every_linked_file_and_heading_exists() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / "docs" / target).is_file(), target
    slugs = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= slugs


def test_every_management_command_exists() -> None:
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py ([a-z_]+)", TEXT))
    assert named
    assert named <= set(get_commands())


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:`|&& )make ([a-z0-9]+)", TEXT)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
