"""Which apps, middleware and templates make the project."""

from memshadow.settings.env import BASE_DIR, env

DEBUG = env.debug
ROOT_URLCONF = "memshadow.urls"
WSGI_APPLICATION = "memshadow.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "memshadow",  # first: its commands stand before those of the same name in the libraries
    "accounts.admin_config.ConfirmingAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_otp",
    "django_q",
    "ninja",
    "oauth2_provider",
    "accounts",
    "personas",
    "memories",
    "enrichment",
]

MIDDLEWARE = [
    "memshadow.lib.request_context.RequestContextMiddleware",
    "memshadow.lib.row_wall.WallMiddleware",
    "memshadow.middleware.DoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "memshadow.lib.cors.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "memshadow.middleware.SameOriginResourcesMiddleware",
    "memshadow.middleware.PrivateAnswersMiddleware",
    "accounts.sessions.middleware.DeviceSessionMiddleware",
    "accounts.spaces.middleware.SpaceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "accounts.limits.middleware.StrangersBodiesMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.mfa.middleware.SecondFactorMiddleware",
    "memshadow.middleware.RefusalLogMiddleware",
    "accounts.limits.middleware.RateLimitMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "memshadow.middleware.ErrorPagesMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.navigation.acting",
                "memories.navigation.nav_counts",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
