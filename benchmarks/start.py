"""How long a start takes until the product serves, the first one and the next: `python -m benchmarks.start`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.instance import data_folder, running


def main() -> None:
    """Start with an empty data folder, stop, and start again a few times. The model is prepared already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", type=int, default=3, help="starts after the first")
    arguments = parser.parse_args()
    with data_folder() as folder:
        seconds = [_start_s(folder) for _ in range(1 + arguments.again)]
    print(json.dumps({"first_s": seconds[0], "again_s": seconds[1:]}, indent=1))


def _start_s(folder: Path) -> float:
    with running(folder) as instance:
        return round(instance.ready_s, 1)


if __name__ == "__main__":
    main()
