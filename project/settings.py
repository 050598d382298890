"""The settings of every process of the server. What depends on the machine comes from `environment.py`."""

import datetime as dt
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from kombu.entity import Exchange, Queue

from project.connections import (
    BYTE_THREADS,
    COMPLETION_THREADS,
    OPERATOR_THREADS,
    compose_connection_options,
)
from project.environment import CHECKOUT, read_environment
from project.log_lines import EnduringLoggerFactory
from project.source_version import find_commit, read_package_version
from repository.lanes import LANES

ENVIRONMENT = read_environment()


def parse_database_url(address: str) -> dict[str, Any]:
    """Return Django's form of a `postgresql://user:password@host:port/name` address."""
    parts = urlsplit(address)
    return {
        "ENGINE": "project.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0,  # jobs and commands close theirs; a web process keeps one for each of its threads
        "OPTIONS": compose_connection_options(),
    }


BASE_DIR = CHECKOUT
SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
PUBLIC_URL = ENVIRONMENT.public_url
ALLOWED_HOSTS = [
    *ENVIRONMENT.allowed_hosts,
    urlsplit(PUBLIC_URL).hostname or "127.0.0.1",
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SITE_NAME = "Stemma"
PACKAGE_VERSION = read_package_version(CHECKOUT)
COMMIT = ENVIRONMENT.commit or find_commit(CHECKOUT)
DATACITE = ENVIRONMENT.datacite

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_vite",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    *(
        ["allauth.socialaccount.providers.orcid"] if ENVIRONMENT.orcid_client_id else []
    ),  # its pages fail without
    "repository",
    "ingest",
    "processing",
    "api",
    "frontend",
]
MIDDLEWARE = [
    "api.caching.PrivateUnlessPublicMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "project.middleware.ForgivingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "api.limiting.LimitsMiddleware",
    "frontend.accounts.devices.DeviceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "frontend.content_security.ContentSecurityMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
APPEND_SLASH = False  # addresses answer with and without the last slash, without a redirect
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Migrations and test flushes run as the owner; everything else as the role that may not change tables.
DATABASES = {"default": parse_database_url(ENVIRONMENT.database_url)}
# How much a web process does at once, and how long a request may wait before its turn comes.
REQUEST_THREADS = {
    "pages": ENVIRONMENT.web_threads,
    "bytes": BYTE_THREADS,
    "completions": COMPLETION_THREADS,
    "operators": OPERATOR_THREADS,
}
TURN_PATIENCE_S = 10.0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "repository.User"
KNOX_TOKEN_MODEL = "repository.ApiToken"  # noqa: S105  # the name of a table
AUTHENTICATION_BACKENDS = ["frontend.accounts.adapter.EvenBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/deposits/"
LOGOUT_REDIRECT_URL = "/"
# Accounts begin with a confirmed address (frontend/accounts/sign_up.py); those that come by ORCID may add one.
ACCOUNT_RATE_LIMITS = False  # ours hold for every way in, and for all processes together
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "frontend.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "frontend.accounts.forms.ForgottenPasswordForm"}
LINK_LIFETIME = dt.timedelta(days=3)  # of links that make an account or confirm an address
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = LINK_LIFETIME.days
PASSWORD_RESET_TIMEOUT = 24 * 3600
ACCOUNT_LOGOUT_ON_GET = False
SOCIALACCOUNT_PROVIDERS = {
    "orcid": {
        "APPS": [{"client_id": ENVIRONMENT.orcid_client_id, "secret": ENVIRONMENT.orcid_client_secret}]
        if ENVIRONMENT.orcid_client_id
        else []
    }
}
EMAIL_BACKEND = "repository.workflows.mail.OutboxBackend"
MAIL_SERVER = ENVIRONMENT.mail_server
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.mail_from
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20  # metadata documents; bytes of files come by tus

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = ENVIRONMENT.home / "static"
STATICFILES_DIRS = [
    folder for folder in (BASE_DIR / "frontend" / "dist", BASE_DIR / "frontend" / "static") if folder.is_dir()
]
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "frontend" / "dist" / ".vite" / "manifest.json",
    }
}

CELERY_BROKER_URL = ENVIRONMENT.broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 12 * 3600,  # recovery comes from the lease in the database, not from redelivery
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "health_check_interval": 10,
}
CELERY_TASK_QUEUES = [
    Queue(lane, Exchange(lane, type="direct"), routing_key=lane)  # type: ignore[no-untyped-call]
    for lane in LANES
]
CELERY_TASK_DEFAULT_QUEUE = "short"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # the lease decides, not the connection
RECONCILE_SECONDS = ENVIRONMENT.reconcile_seconds
FIXITY_ROUND_SECONDS = 300.0
CELERY_BEAT_SCHEDULER = "project.beat:MonotonicScheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(ENVIRONMENT.home / "beat-schedule")
# Messages without a date of expiry: machines whose clocks disagree would throw every one away.
CELERY_BEAT_SCHEDULE = {
    "reconcile-jobs": {"task": "stemma.reconcile_jobs", "schedule": RECONCILE_SECONDS},
    "expire-uploads": {"task": "stemma.expire_uploads", "schedule": 3600.0},
    "start-fixity-round": {"task": "stemma.start_fixity_round", "schedule": FIXITY_ROUND_SECONDS},
    "collect-objects": {"task": "stemma.collect_objects", "schedule": 300.0},
    "forget-past-counts": {"task": "stemma.forget_past_counts", "schedule": 600.0},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ScopedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.RequestLimit"],
    "EXCEPTION_HANDLER": "api.errors.answer_problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is a search facet, not a renderer
}
REST_KNOX = {"TOKEN_TTL": dt.timedelta(days=30), "TOKEN_PREFIX": "stemma_", "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stemma",
    "DESCRIPTION": "A repository for scanning transmission electron microscopy data.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.v1.exports.describe_exports",
        "api.byte_service.documentation.describe_byte_routes",
        "api.v1.quantities.describe_quantities",
    ],
    # Shapes of the same name, such as `state`, that no component name tells apart.
    "ENUM_NAME_OVERRIDES": {
        "MeasurementStateEnum": ["found", "opened", "converted", "failed"],
        "VersionStateEnum": ["published", "withdrawn"],
        "ReadUntilEnum": ["opened", "converted"],
        "FileFateEnum": ["publish", "private", "discard", "aside"],
        "MeasurementFateEnum": ["publish", "private", "discard"],
        "CoOwnerRoleEnum": ["view", "edit", "publish"],
        "GroupRoleEnum": ["member", "manager"],
    },
}

STEMMA_HOME = ENVIRONMENT.home
OPERATOR_NETWORKS = ENVIRONMENT.operator_networks
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies  # with ALLOWED_HOSTS what `api.doorway` goes by
REQUESTS_PER_MINUTE = ENVIRONMENT.requests_per_minute
ANONYMOUS_REQUESTS_PER_MINUTE = ENVIRONMENT.anonymous_requests_per_minute
SANDBOX_MODE = ENVIRONMENT.sandbox
JOB_LEASE_SECONDS = ENVIRONMENT.job_lease_seconds
MAX_FILE_BYTES = ENVIRONMENT.max_file_bytes
QUOTA_BYTES = ENVIRONMENT.quota_bytes
UPLOAD_LIFETIME = dt.timedelta(days=7)
COLLECT_GRACE = dt.timedelta(hours=ENVIRONMENT.collect_grace_hours)
# Ten times as long as a byte route may rely on its last look at permissions; then a transfer has its bytes open.
COLLECT_OWN_GRACE = dt.timedelta(minutes=5)
OBJECT_STORE = ENVIRONMENT.object_store
OBJECT_CACHE_BYTES = ENVIRONMENT.object_cache_bytes
DISK_RESERVE_BYTES = ENVIRONMENT.disk_reserve_bytes
# Stored bytes are read again within the cycle, in rounds that on the average keep to the rate.
FIXITY_CYCLE = dt.timedelta(days=ENVIRONMENT.fixity_days)
FIXITY_ROUND_BYTES = int(ENVIRONMENT.fixity_bytes_per_second * FIXITY_ROUND_SECONDS)
FIXITY_TRACE = dt.timedelta(days=7)
# A proxy can send what lies in a folder that it sees, never what lies in a bucket.
ACCEL_REDIRECT = ENVIRONMENT.accel_redirect and ENVIRONMENT.object_store is None
DOI_PREFIX = ENVIRONMENT.datacite.prefix if ENVIRONMENT.datacite else "10.5072"

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ],
    logger_factory=EnduringLoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"hide_links": {"()": "project.log_lines.HideLinks"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["hide_links"]}},
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
}
