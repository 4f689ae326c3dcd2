"""Folders and files: the data directory, uploads, models and static files."""

from memshadow.settings.env import BASE_DIR, env

DATA_DIR = env.data_dir
UPLOADS_DIR = DATA_DIR / "uploads"
MODELS_DIR = env.models_dir or DATA_DIR / "models"
MAX_UPLOAD_BYTES = env.max_upload_bytes

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Archives of years are gigabytes: anything over 1 MiB goes to a temporary file at once.
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024**2
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
