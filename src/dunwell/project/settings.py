"""Django settings, from the environment alone."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from csp.constants import NONE, SELF

from dunwell.database.kept import kept_secret, private_folder
from dunwell.project import env

PACKAGE = Path(__file__).resolve().parents[1]
HOME = Path(env.text("DUNWELL_HOME", ".dunwell"))

DEBUG = False
TESTING = env.boolean("DUNWELL_TESTING", False)


def _secret_key() -> str:
    """The key of the environment, else one kept beside the embedded database."""
    given = env.text("DUNWELL_SECRET_KEY", "")
    if given:
        return given
    return kept_secret(private_folder(HOME) / "secret_key", characters=64)


def _experiment_key() -> str:
    """The key that draws experiment arms: the environment's, else one of the secret key's.

    Whoever knows it can tell, and choose, who is treated how.
    """
    given = env.text("DUNWELL_EXPERIMENT_KEY", "")
    if given and len(given) < SHORTEST_KEY:
        raise env.BadSetting(f"DUNWELL_EXPERIMENT_KEY needs {SHORTEST_KEY} characters or more.")
    label = b"dunwell.experiment.arms"
    return given or hmac.new(SECRET_KEY.encode(), label, hashlib.sha256).hexdigest()


SECRET_KEY = _secret_key()
SHORTEST_KEY = 16
EXPERIMENT_KEY = _experiment_key()
ALLOWED_HOSTS = env.text("DUNWELL_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
HTTPS = env.boolean("DUNWELL_HTTPS", False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "dunwell.staff",
    "dunwell.audit",
    "dunwell.parties",
    "dunwell.accounts",
    "dunwell.cases",
    "dunwell.plans",
    "dunwell.intake",
    "dunwell.strategy",
    "dunwell.daybook",
    "dunwell.workbench",
    "dunwell.demo",
    "dunwell.proofs",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dunwell.workbench.bounds.bounded",
]

ROOT_URLCONF = "dunwell.project.urls"
WSGI_APPLICATION = "dunwell.project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dunwell.workbench.context.rights",
            ],
        },
    }
]

_DATABASE_URL = env.text("DUNWELL_DATABASE_URL", "postgresql://dunwell@127.0.0.1:5432/dunwell")

DATABASES = {
    "default": {
        **env.database(_DATABASE_URL),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A day of 1 M cases is one transaction of many statements; pages have their own limit.
        "OPTIONS": {"application_name": "dunwell"},
        "TEST": {"NAME": env.text("DUNWELL_TEST_DATABASE", f"dunwell_test_{os.getpid()}")},
    }
}

AUTH_USER_MODEL = "staff.Agent"
AUTHENTICATION_BACKENDS = ["dunwell.staff.backend.CountedBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if TESTING
    else "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "staff:sign-in"
LOGIN_REDIRECT_URL = "workbench:home"
LOGOUT_REDIRECT_URL = "staff:sign-in"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
FORMAT_MODULE_PATH = ["dunwell.project.formats"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("DUNWELL_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
# Built from npm by `make assets`; inside the wheel they lie in the same place.
STATICFILES_DIRS = [PACKAGE / "assets"] if (PACKAGE / "assets").is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Where deliveries that came through the browser and are held wait for an approval.
DUNWELL_UPLOADS = env.text("DUNWELL_UPLOADS", str(HOME / "uploads"))
# The largest zip that is taken from the browser; larger ones come by the command.
DUNWELL_UPLOAD_BYTES = env.integer("DUNWELL_UPLOAD_BYTES", 256 * 1024 * 1024)
# What the columnar engine may hold of a delivery before it spills to disk.
DUNWELL_INTAKE_MEMORY = env.text("DUNWELL_INTAKE_MEMORY", "1500MB")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
