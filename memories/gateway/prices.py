"""What tokens cost: a shipped list, before which the server's own comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from memshadow.lib.errors import ValidationFailed

_SHIPPED = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, read and written, of the models whose names match."""

    match: str
    read: Decimal
    written: Decimal


def cost_microusd(model: str, input_tokens: int, output_tokens: int) -> int | None:
    """Millionths of a dollar; None for a model whose price is not known."""
    name = model.lower().rpartition("/")[2]
    price = next((one for one in prices() if fnmatchcase(name, one.match)), None)
    return None if price is None else round(input_tokens * price.read + output_tokens * price.written)


@cache
def prices() -> Sequence[Price]:
    """All of them, those that count first first. Raises ValidationFailed for a file with mistakes."""
    own = settings.GATEWAY_PRICES
    return [*(_read(own) if own else ()), *_read(_SHIPPED)]


def _read(path: Path) -> list[Price]:
    try:
        rows: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Price(row["match"].lower(), Decimal(str(row["read"])), Decimal(str(row["written"]))) for row in rows]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ArithmeticError, AttributeError) as error:
        message = f"{path} is no list of prices ({error}): each entry has match, read and written."
        raise ValidationFailed(message) from error
