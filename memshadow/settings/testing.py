"""Settings of the test suite: the product's own, with cheap passwords and unhashed static names."""

from memshadow.settings import *  # noqa: F403
from memshadow.settings import BASE_DIR, DATA_DIR, DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A folder that is there: a fresh clone has collected nothing yet, and WhiteNoise warns of a missing one.
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
MODELS_DIR = BASE_DIR / ".stamps" / "models"
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Never in the middle of a test that counts queries.
EMBEDDING_USAGE_FLUSH_S = 86_400.0
# Tests that commit empty every table afterwards, the append-only one too.
DATABASES["default"]["OPTIONS"]["options"] += " -c memshadow.audit_truncate=on"
