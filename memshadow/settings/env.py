"""The environment, parsed once and strictly: every variable that the product reads, with its type and default."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def default_data_dir() -> Path:
    """`data/` inside a checkout, the platform's user data folder when installed elsewhere."""
    if (BASE_DIR / "manage.py").exists():
        return BASE_DIR / "data"
    from platformdirs import user_data_path

    return user_data_path("memshadow")


class Env(BaseSettings):
    """Every variable, its type and its default. `MEMSHADOW_` precedes all but the PaaS conventions."""

    model_config = SettingsConfigDict(env_prefix="MEMSHADOW_", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8000, ge=1, le=65535, validation_alias="PORT")
    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    debug: bool = False
    secret_key: str | None = None
    master_key: str | None = None
    master_key_file: Path | None = None
    allowed_hosts: str = ""
    base_url: str | None = None
    https: bool = False
    registration: Literal["closed", "open"] = "closed"
    web_concurrency: int | None = Field(default=None, ge=1, validation_alias="WEB_CONCURRENCY")
    web_threads: int = Field(default=16, ge=2)
    worker_count: int = Field(default=2, ge=1)
    embedding_threads: int = Field(default=1, ge=1)
    embedding_precision: Literal["int8", "float32"] | None = None
    model_downloads: bool = False
    token_vectors_max_words: int = Field(default=200, ge=0)
    models_dir: Path | None = None
    retrieval_log: bool = True
    retrieval_log_days: int = Field(default=90, ge=1)
    max_upload_bytes: int = Field(default=4 * 1024**3, ge=1024)
    cors_origins: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("data_dir", "master_key_file", "models_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @field_validator("database_url", "secret_key", "master_key", "base_url", "embedding_precision", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: str | None) -> str | None:
        return value or None


def _load() -> Env:
    """The parsed environment; on a mistake, one line for each variable at fault and exit status 2."""
    try:
        return Env()
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})" for e in error.errors()]
        sys.stderr.write("The environment has mistakes; correct these variables and start again:\n")
        sys.stderr.write("\n".join(lines) + "\n")
        raise SystemExit(2) from None


env = _load()
