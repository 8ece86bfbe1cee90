"""Settings of the portal, each read from one environment variable of docs/configuration.md."""

import re
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from tsubame_portal import embedded
from tsubame_portal.env import env_bool, env_int, env_list, env_secret, env_str

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.var_dir()


def _local_secret_key() -> str:
    """A key of this installation, made once; production sets SECRET_KEY (a system check asks for it)."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImproperlyConfigured(f"REPORT_TIME_ZONE must be a zone of the tz database, not {name!r}.") from error


def _region(code: str) -> str:
    if not re.fullmatch("[A-Z]{2}", code):
        raise ImproperlyConfigured(f"HOME_REGION must be two capital letters such as JP, not {code!r}.")
    return code


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or len(parts.path) < 2:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:port/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "tsubame", "connect_timeout": 5},
    }


# Installation

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY") or _local_secret_key()
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
BEHIND_TLS = env_bool("BEHIND_TLS", False)
# A demo database never reaches real people: mail goes to loopback and to `.invalid` recipients only.
DEMO = env_bool("DEMO", False)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "tsubame_portal.apps.StaticFiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "rest_framework",
    "knox",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.accounts",
    "apps.reference",
    "apps.sensors",
    "apps.observations",
    "apps.analysis",
    "apps.enrichment",
    "apps.coordination",
    "apps.portal",
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
    "apps.portal.middleware.DomainErrorPages",
]

ROOT_URLCONF = "tsubame_portal.urls"
WSGI_APPLICATION = "tsubame_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.context.shell",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Data stores

DATABASES = {"default": _database(embedded.database_url())}
REDIS_URL = embedded.redis_url()
# In another database of Redis than the queue of tasks, so that emptying the cache loses no task.
CACHE_URL = env_str("CACHE_URL") or embedded.cache_url(REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "tsubame",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.PasswordBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_COOKIE_AGE = env_int("SESSION_HOURS", 12, minimum=1) * 60 * 60  # from signing in, however busy the session

# Language and time. Facts are UTC; pages and dates without a zone are in REPORT_TIME_ZONE.

LANGUAGE_CODE = env_str("LANGUAGE_CODE", "ja")
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
REPORT_TIME_ZONE = _zone(env_str("REPORT_TIME_ZONE", "Asia/Tokyo"))
TIME_ZONE = REPORT_TIME_ZONE.key
HOME_REGION = _region(env_str("HOME_REGION", "JP"))  # sources in it are domestic
USE_TZ = True

# Static files

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "tsubame_portal.storage.ModuleManifestStorage"},
}

# Security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Tabler's icons inside CSS are data: images
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by supervision on the machine itself
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "apps.common.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.observations.api.computations.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
API_TOKEN_DAYS = env_int("API_TOKEN_DAYS", 365)  # 0: tokens do not expire
REST_KNOX = {"TOKEN_TTL": timedelta(days=API_TOKEN_DAYS) if API_TOKEN_DAYS else None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tsubame Portal API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Processes

PORT = env_int("PORT", 8000, minimum=1)  # on 127.0.0.1, of the web server that `make demo` and `make run` start
WEB_WORKERS = env_int("WEB_WORKERS", 2, minimum=1)
WORKER_PROCESSES = env_int("WORKER_PROCESSES", 2, minimum=1)

# Background work

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER, CELERY_ACCEPT_CONTENT = "json", ["json"]  # a message is data, never code
CELERY_TASK_ACKS_LATE = True  # tasks may run twice, and are written for it
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

# Observation

INGEST_MAX_AGE_DAYS = env_int("INGEST_MAX_AGE_DAYS", 14, minimum=1)
INGEST_MAX_BODY_BYTES = env_int("INGEST_MAX_BODY_BYTES", 32 * 2**20, minimum=1024)
INGEST_MAX_DECODED_BYTES = env_int("INGEST_MAX_DECODED_BYTES", 256 * 2**20, minimum=1024)
INGEST_MAX_FLOWS = env_int("INGEST_MAX_FLOWS", 200_000, minimum=1)
INGEST_MAX_REQUESTS_PER_MINUTE = env_int("INGEST_MAX_REQUESTS_PER_MINUTE", 1200, minimum=1)  # of one sensor key
FLOW_RETENTION_DAYS = env_int("FLOW_RETENTION_DAYS", 0, minimum=0)  # 0: flows are kept for ever

# Enrichment. RDAP_HOST_OVERRIDE sends every registry query to one server (host:port), such as the local stand-in.

RDAP_HOST_OVERRIDE = env_str("RDAP_HOST_OVERRIDE")
WHOIS_ENABLED = env_bool("WHOIS_ENABLED", True)  # asked where RDAP fails or leaves open who holds a range
WHOIS_HOST_OVERRIDE = env_str("WHOIS_HOST_OVERRIDE")
NIR_ENABLED = env_bool("NIR_ENABLED", True)  # JPNIC and KRNIC, for what APNIC passed on to them
NIR_HOST_OVERRIDE = env_str("NIR_HOST_OVERRIDE")
RDAP_QUERIES_PER_MINUTE = env_int("RDAP_QUERIES_PER_MINUTE", 60, minimum=1)  # to each registry, over all workers
SHODAN_QUERIES_PER_MINUTE = env_int("SHODAN_QUERIES_PER_MINUTE", 50, minimum=1)  # and at least a second apart
SHODAN_DAILY_BUDGET = env_int("SHODAN_DAILY_BUDGET", 2000, minimum=0)  # queries in a UTC day
SHODAN_TICKET_RESERVE = env_int("SHODAN_TICKET_RESERVE", 200, minimum=0)  # of them, for tickets only
INTERNETDB_QUERIES_PER_MINUTE = env_int("INTERNETDB_QUERIES_PER_MINUTE", 50, minimum=1)  # and at least a second apart
LOOKUP_BATCH_LIMIT = env_int("LOOKUP_BATCH_LIMIT", 5000, minimum=1)  # sources that one click or command queues

# Scanning services. Without a key Shodan is off; the overrides (host:port) send every question to one server.

SHODAN_API_KEY = env_secret("SHODAN_API_KEY")
SHODAN_HOST_OVERRIDE = env_str("SHODAN_HOST_OVERRIDE")
INTERNETDB_ENABLED = env_bool("INTERNETDB_ENABLED", False)
INTERNETDB_HOST_OVERRIDE = env_str("INTERNETDB_HOST_OVERRIDE")

# Mail. The names are what recipients read; a demo and a developer get placeholders, production must set its own.

_PLACEHOLDERS = DEBUG or DEMO
CSIRT_PREFIX = env_str("CSIRT_PREFIX", "CSIRT-XX" if _PLACEHOLDERS else "")
CSIRT_NAME_JA = env_str("CSIRT_NAME_JA", "サンプル CSIRT" if _PLACEHOLDERS else "")
CSIRT_NAME_EN = env_str("CSIRT_NAME_EN", "Sample CSIRT" if _PLACEHOLDERS else "")
CSIRT_ABOUT_JA = env_str("CSIRT_ABOUT_JA", "インシデント対応の調整を行う組織です")
CSIRT_ABOUT_EN = env_str("CSIRT_ABOUT_EN", "a team that coordinates the handling of computer security incidents")
CSIRT_ADDRESS_JA = env_str("CSIRT_ADDRESS_JA")
CSIRT_ADDRESS_EN = env_str("CSIRT_ADDRESS_EN")
CSIRT_PHONE = env_str("CSIRT_PHONE")
CSIRT_WEB = env_str("CSIRT_WEB")
MAIL_FROM = env_str("MAIL_FROM", "csirt@csirt.invalid")
SMTP_HOST = env_str("SMTP_HOST", "127.0.0.1")
SMTP_PORT = env_int("SMTP_PORT", 1025)
SMTP_USER = env_str("SMTP_USER")
SMTP_PASSWORD = env_secret("SMTP_PASSWORD")
SMTP_TLS = env_str("SMTP_TLS", "none")  # none, starttls or tls

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
}
