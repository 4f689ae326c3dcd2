"""Figures as a person reads them: shares and milliseconds, with a dash for what is not known."""

from __future__ import annotations

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def share(value: float | None) -> str:
    """0.256 as '26 %'."""
    return "–" if value is None else f"{value:.0%}".replace("%", " %")


@register.filter
def milliseconds(value: float | None) -> str:
    """12.3 as '12 ms', 2345 as '2.3 s'."""
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


@register.filter
def dollars(amount: Decimal | None) -> str:
    """1.5 as '$1.50', 0.0004 as '$0.0004', nothing known as a dash."""
    if amount is None:
        return "–"
    return f"${amount:,.2f}" if amount == 0 or amount >= Decimal("0.01") else f"${amount:.6f}".rstrip("0")
