"""Bech32 (BIP 173) as age uses it for keys: any length, and only the checksum of the first version."""

from __future__ import annotations

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(prefix: str, data: bytes) -> str:
    """The text of bytes, in lower case."""
    values = _regrouped(data, 8, 5, pad=True)
    check = _polymod([*_expanded(prefix), *values, *[0] * _CHECKSUM]) ^ 1
    values += [(check >> 5 * (_CHECKSUM - 1 - place)) & 31 for place in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[value] for value in values)}"


def decode(prefix: str, text: str) -> bytes:
    """The bytes of a text with that prefix. Raises ValueError for another prefix, a typing error, or mixed case."""
    lowered = text.lower()
    if text not in (lowered, text.upper()) or not lowered.startswith(f"{prefix}1"):
        raise ValueError("another prefix")
    values = [_ALPHABET.find(character) for character in lowered[len(prefix) + 1 :]]
    if len(values) < _CHECKSUM or -1 in values or _polymod([*_expanded(prefix), *values]) != 1:
        raise ValueError("a wrong checksum")
    return bytes(_regrouped(values[:-_CHECKSUM], 5, 8, pad=False))


def _expanded(prefix: str) -> list[int]:
    codes = prefix.encode()
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if top >> place & 1 else 0
    return check


def _regrouped(data: bytes | list[int], from_bits: int, to_bits: int, *, pad: bool) -> list[int]:
    """The same bits in groups of another size. Raises ValueError for padding that is not zero."""
    held, bits, groups = 0, 0, list[int]()
    for value in data:
        held, bits = held << from_bits | value, bits + from_bits
        while bits >= to_bits:
            bits -= to_bits
            groups.append(held >> bits & (1 << to_bits) - 1)
        held &= (1 << bits) - 1
    if pad and bits:
        groups.append(held << to_bits - bits & (1 << to_bits) - 1)
    elif not pad and (bits >= from_bits or held):
        raise ValueError("wrong padding")
    return groups
