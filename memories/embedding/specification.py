"""What a provider has to know of the model that it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

Pooling = Literal["", "mean", "cls", "max", "lasttoken"]
POOLINGS: Final[tuple[Pooling, ...]] = ("", "mean", "cls", "max", "lasttoken")
Precision = Literal["int8", "float32"]
PRECISIONS: Final[tuple[Precision, ...]] = ("int8", "float32")
_NOT_IN_CONFIG = ("provider", "dimension", "api_keys")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One embedding model, complete: two different specs give vectors that must not be compared.

    `model` is the model's name at its provider, or a folder. Prefixes are put before every text. `pooling`: empty for
    the model's own. `normalise`: vectors get unit length; without it (models trained for the dot product) they are
    only multiplied by `scale`, so that the length still counts. `endpoints` are base addresses of servers that all
    run this same model, in order of preference, and `api_keys` one key for all of them or one each.
    """

    provider: str
    model: str
    dimension: int
    max_tokens: int = 512
    query_prefix: str = ""
    document_prefix: str = ""
    pooling: Pooling = ""
    normalise: bool = True
    scale: float = 1.0
    shortened: bool = False
    precision: Precision = "int8"
    endpoints: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = field(default=(), repr=False)

    def config(self) -> dict[str, Any]:
        """Everything but provider, dimension and keys, for JSON."""
        return {name: value for name, value in asdict(self).items() if name not in _NOT_IN_CONFIG}

    @classmethod
    def of(cls, provider: str, dimension: int, config: dict[str, Any], api_keys: tuple[str, ...] = ()) -> ModelSpec:
        """The spec with that config; names of other versions are ignored."""
        known = {spec.name for spec in fields(cls)} - set(_NOT_IN_CONFIG)
        kept = {name: value for name, value in config.items() if name in known}
        kept["endpoints"] = tuple(kept.get("endpoints", ()))
        return cls(provider=provider, dimension=dimension, api_keys=api_keys, **kept)
