"""The faces: sign-in pages, messages, the JSON API's limits and CORS."""

from memshadow.settings.env import env

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
REGISTRATION_OPEN = env.registration == "open"

HOST = env.host
PORT = env.port
BASE_URL = env.base_url or f"http://{env.host if env.host not in ('0.0.0.0', '::') else 'localhost'}:{env.port}"  # noqa: S104

NINJA_PAGINATION_MAX_LIMIT = 200
CORS_ORIGINS = frozenset(filter(None, (o.strip().rstrip("/") for o in env.cors_origins.split(","))))
API_BODY_MAX_BYTES = 64 * 1024**2  # a batch of 1,000 long memories
