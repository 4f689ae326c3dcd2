"""The person's own editor, on a file that only they can read and that is gone afterwards."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from memcli.errors import CliError


def edited(text: str) -> str:
    """What the person made of the text. Raises CliError when no editor can be started or it fails."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    with tempfile.TemporaryDirectory(prefix="memcli-") as folder:
        path = Path(folder) / "memory.md"
        path.write_text(text, "utf-8")
        try:
            ended = subprocess.run([*shlex.split(chosen), str(path)], check=False)  # noqa: S603 - their own choice
        except (OSError, ValueError) as error:
            raise CliError(f"{chosen} cannot be started ({error}): give the new text, or set EDITOR.") from None
        if ended.returncode:
            raise CliError(f"{chosen} ended with {ended.returncode}; nothing was changed.")
        try:
            return path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise CliError("What the editor left is no text in UTF-8; nothing was changed.") from None
