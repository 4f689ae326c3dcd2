"""Secrets, passwords, cookies, hosts and headers."""

import secrets
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from memshadow.lib.secret_files import read_or_create
from memshadow.settings.env import env

SECRET_KEY = env.secret_key or read_or_create(env.data_dir / "secret.key", lambda: secrets.token_urlsafe(64))

_base_host = urlsplit(env.base_url).hostname if env.base_url else None
ALLOWED_HOSTS = [h.strip() for h in env.allowed_hosts.split(",") if h.strip()] or [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *([_base_host] if _base_host else []),
    *([env.host] if env.host not in ("0.0.0.0", "::") else []),  # noqa: S104
]
CSRF_TRUSTED_ORIGINS = [env.base_url.rstrip("/")] if env.base_url else []

AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.password_rules.NotRecentlyUsedValidator", "OPTIONS": {"remember": 5}},
]

HTTPS = env.https or bool(env.base_url and env.base_url.startswith("https://"))
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "memshadow.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
