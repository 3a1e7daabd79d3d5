"""The one settings file. Everything that differs between installations is read from the environment.

``PORTAL_ROLE`` says which of the three houses this process is: portal, provider or wallet. They share code, and neither
a database nor a key. ``all`` puts every house into one process; only tests run so.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from recovery_portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
# A wheel carries the pages inside the package; a checkout has them at its top.
_SHIPPED = BASE_DIR / "recovery_portal" / "_shipped"
PAGES_DIR = _SHIPPED if _SHIPPED.is_dir() else BASE_DIR

ROLE = env.text("PORTAL_ROLE")
if ROLE not in {"portal", "provider", "wallet", "all"}:
    raise ImproperlyConfigured("PORTAL_ROLE is portal, provider or wallet.")

# --- What kind of installation this is ---------------------------------------------------------------------------
DEBUG = env.boolean("PORTAL_DEBUG", False)
EMULATION = env.boolean("EMULATION", False)
PRODUCTION = env.boolean("PRODUCTION", not EMULATION)
if EMULATION and PRODUCTION:
    raise ImproperlyConfigured("EMULATION=1 lets outcomes be chosen; it cannot be combined with PRODUCTION=1.")

# Whoever holds it moves clocks, reads mail and sets up people by the control API; without one there is no such API.
EMULATION_TOKEN = env.text("EMULATION_TOKEN", "")
if EMULATION_TOKEN and not EMULATION:
    raise ImproperlyConfigured("EMULATION_TOKEN opens the control API of an emulation; unset it, or set EMULATION=1.")

SECRET_KEY = env.secret("PORTAL_SECRET_KEY")
VAULT_KEY = env.secret("PORTAL_VAULT_KEY")

# --- Addresses: configured, never taken from the Host header ---------------------------------------------------------
PORTAL_BASE_URL = env.text("PORTAL_BASE_URL").rstrip("/")
PROVIDER_BASE_URL = env.text("PROVIDER_BASE_URL", "" if ROLE == "portal" else None).rstrip("/")
WALLET_URL = env.text("WALLET_URL").rstrip("/")
# By this name issuers know the wallet that ask people on their own pages (OpenID4VCI 1.0 section 5).
WALLET_CLIENT_ID = env.text("WALLET_CLIENT_ID", WALLET_URL)
OWN_BASE_URL = {"portal": PORTAL_BASE_URL, "provider": PROVIDER_BASE_URL, "wallet": WALLET_URL, "all": PORTAL_BASE_URL}[
    ROLE
]
_SECURE = OWN_BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", urlsplit(OWN_BASE_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [OWN_BASE_URL]
# Origins that may be fetched although they are plain http or private: the houses of one installation.
OUTBOUND_ORIGINS = frozenset(env.words("OUTBOUND_ORIGINS"))
# A certification authority (PEM) to trust at those origins, and nowhere else: the development CA of an emulation.
OUTBOUND_CA_FILE = env.text("OUTBOUND_CA_FILE", "")
if env.boolean("BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Number of proxies whose X-Forwarded-For entries are believed; 0 believes none.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
# The header in which a trusted proxy names the city that a request comes from; people see it beside the browser.
CITY_HEADER = env.text("CITY_HEADER", "")

ORGANISATION_NAME = env.text("ORGANISATION_NAME", "Contoso")
PROVIDER_NAME = env.text("PROVIDER_NAME", "Proofmark")
WALLET_NAME = env.text("WALLET_NAME", "Pocket Wallet")
HOUSE_BRAND = "portal" if ROLE == "all" else ROLE
HOUSE_NAMES = {"portal": ORGANISATION_NAME, "provider": PROVIDER_NAME, "wallet": WALLET_NAME}
HOUSE_NAME = HOUSE_NAMES[HOUSE_BRAND]

# --- Rooms ---------------------------------------------------------------------------------------------------------
_ADMIN_APPS = [
    # The simple one leaves it to `urls` to load the rooms' admin modules: commands that testers call again and again
    # need none of them.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
]
_PORTAL_APPS = [
    *_ADMIN_APPS,
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "tap",
    "idv.face",
    "idv.verifier",
    "idv.issuer",
    "recovery_portal.recovery",
    "recovery_portal.verified_id",
    "recovery_portal.api",
]
if EMULATION:
    _PORTAL_APPS.append("recovery_portal.demo")
_HOUSE_APPS = {
    "portal": _PORTAL_APPS,
    "provider": [*_ADMIN_APPS, "idv.face", "idv.provider"],
    "wallet": ["django.contrib.messages", "idv.wallet"],
    "all": [*_PORTAL_APPS, "idv.provider", "idv.wallet"],
}
INSTALLED_APPS = [
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_structlog",
    "django_prometheus",
    "recovery_portal.kit",
    *_HOUSE_APPS[ROLE],
    *(["recovery_portal.emulation"] if EMULATION else []),
]
_HAS_ACCOUNTS = ROLE in {"portal", "all"}
_HAS_OPERATORS = _HAS_ACCOUNTS or ROLE == "provider"

ROOT_URLCONF = {
    "portal": "recovery_portal.urls",
    "provider": "idv.provider.urls",
    "wallet": "idv.wallet.urls",
    "all": "recovery_portal.urls",
}[ROLE]
WSGI_APPLICATION = "recovery_portal.wsgi.application"

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "recovery_portal.kit.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *(["recovery_portal.emulation.middleware.ControlRoom"] if EMULATION else []),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    *(["django.contrib.auth.middleware.AuthenticationMiddleware"] if _HAS_OPERATORS else []),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    *(["accounts.middleware.RegistrationGate", "accounts.middleware.OperatorGate"] if _HAS_ACCOUNTS else []),
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PAGES_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                *(["django.contrib.auth.context_processors.auth"] if _HAS_OPERATORS else []),
                "django.contrib.messages.context_processors.messages",
                "recovery_portal.kit.context.house",
            ],
        },
    }
]

# --- Records -------------------------------------------------------------------------------------------------------

# A server of many threads would take more connections than PostgreSQL has: they share a few. Workers need one each.
DATABASES = {"default": env.database("DATABASE_URL", most_connections=env.integer("DATABASE_POOL", 0))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.secret("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": ROLE,
        # Counters stand before every try: one that does not answer must not hold the person.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

# --- Tasks ---------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = ROLE
# Faces and documents are heavy and need the prefork pool; everything else must not wait behind them.
FACES_QUEUE = f"{ROLE}-faces"
CELERY_TASK_ROUTES = {
    "idv.verifier.tasks.check_face": {"queue": FACES_QUEUE},
    "idv.provider.tasks.decide": {"queue": FACES_QUEUE},
    "idv.provider.tasks.read_document": {"queue": FACES_QUEUE},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task whose worker vanished is handed to another after this many seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 150, "global_keyprefix": "recovery-portal:"}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": task, "schedule": timedelta(seconds=seconds)}
    for name, task, seconds, roles in (
        ("expire attempts", "recovery_portal.recovery.tasks.expire_due", 30, {"portal", "all"}),
        ("forget passkey challenges", "accounts.tasks.sweep", 300, {"portal", "all"}),
        ("settle recoveries", "recovery_portal.recovery.tasks.settle_lost", 10, {"portal", "all"}),
        ("call programs back", "recovery_portal.verified_id.tasks.sweep", 10, {"portal", "all"}),
        ("sweep the verifier", "idv.verifier.tasks.sweep", 30, {"portal", "all"}),
        ("sweep the provider", "idv.provider.tasks.sweep", 30, {"provider", "all"}),
    )
    if ROLE in roles
}

# --- Who -----------------------------------------------------------------------------------------------------------
# The provider has operators and no directory: they come by links from its shell and have no passwords.
AUTH_USER_MODEL = "accounts.User" if _HAS_ACCOUNTS else "auth.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.DirectoryBackend" if _HAS_ACCOUNTS else "django.contrib.auth.backends.ModelBackend"
]
# OWASP Password Storage Cheat Sheet minimum: 19 MiB, two passes, one lane (accounts.hashers). Django's default costs
# ten times as much per sign-in.
PASSWORD_HASHERS = ["accounts.hashers.Argon2Minimum"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/"
AUTHENTICATION_METHODS = [
    "accounts.passkeys.method.PasskeyMethod",
    "accounts.signin.password.PasswordMethod",
    "accounts.signin.authenticator_app.AuthenticatorAppMethod",
    "tap.method.TemporaryAccessPassMethod",
]
SIGN_IN_OFFERS = ["recovery_portal.recovery.offer.RecoverYourAccount"]
WEBAUTHN_RP_ID = env.text("WEBAUTHN_RP_ID", urlsplit(PORTAL_BASE_URL).hostname or "")
WEBAUTHN_ORIGINS = env.words("WEBAUTHN_ORIGINS", PORTAL_BASE_URL)

# A recovery waits this long for its next step, and never longer than the second figure in all.
RECOVERY_ATTEMPT_LIFETIME_S = env.integer("RECOVERY_ATTEMPT_LIFETIME_S", 30 * 60)
RECOVERY_ATTEMPT_LONGEST_S = env.integer("RECOVERY_ATTEMPT_LONGEST_S", 2 * 60 * 60)
# The QR code that hands a recovery to a phone (RFC 10027 6.1: short-lived).
RECOVERY_HAND_OFF_S = env.integer("RECOVERY_HAND_OFF_S", 5 * 60)
# Recoveries begun in an hour from one address (or IPv6 /64), and from one address for one account; letters in an hour
# that tell an owner of a start.
RECOVERY_STARTS_PER_ADDRESS = env.integer("RECOVERY_STARTS_PER_ADDRESS", 60)
RECOVERY_STARTS_PER_ACCOUNT = env.integer("RECOVERY_STARTS_PER_ACCOUNT", 12)
WALLETS_PER_ADDRESS = env.integer("WALLETS_PER_ADDRESS", 20)  # in an hour
RECOVERY_NOTICES_PER_ACCOUNT = env.integer("RECOVERY_NOTICES_PER_ACCOUNT", 12)
# Questions to one extension in a minute; beyond them it is not asked, and nobody it should be asked about gets a pass.
RECOVERY_EXTENSION_CALLS_PER_MINUTE = env.integer("RECOVERY_EXTENSION_CALLS_PER_MINUTE", 600)

# A verdict with an extension's word is told at the first stroke of a clock that begins with the question and strikes
# every so many seconds: longer than both tries of an extension, so that who waits learns nothing from the time.
RECOVERY_VERDICT_S = env.integer("RECOVERY_VERDICT_S", 5)

# The portal's own signing key (PKCS#8 PEM, P-256) and its certificates, leaf first, without the anchor. An emulation
# without them certifies itself by a development CA.
VERIFIER_KEY_FILE = env.text("VERIFIER_KEY_FILE", "")
VERIFIER_CERTIFICATES_FILE = env.text("VERIFIER_CERTIFICATES_FILE", "")
# The provider's credential-signing key, likewise; the leaf's subject alternative names hold PROVIDER_BASE_URL. Without
# them the provider certifies itself by a development CA, which nobody else trusts. `manage.py rotate_keys` takes up
# files that changed.
PROVIDER_KEY_FILE = env.text("PROVIDER_KEY_FILE", "")
PROVIDER_CERTIFICATES_FILE = env.text("PROVIDER_CERTIFICATES_FILE", "")

# --- What can be swapped: real by default; a Scripted one is refused outside emulation by a system check ---
# How somebody signed in who lets a program act for them, and whether the program may stay after that.
PROGRAM_SIGN_INS = "accounts.signin.for_programs.SignIns"
# Whose credentials a program may ask for beside those of identity verification: the organisation's own.
OWN_ISSUER = "idv.issuer.own.OwnIssuer"
FACE_ENGINE = env.text("IDV_FACE_ENGINE", "idv.face.dlib_engine.DlibFaceEngine")
# Where `manage.py fetch_face_weights` puts what the optional engines need, and a calibration of one's own.
FACE_WEIGHTS_DIR = env.text("FACE_WEIGHTS_DIR", str(BASE_DIR / ".face-weights"))
FACE_CALIBRATION_FILE = env.text("FACE_CALIBRATION_FILE", "")
LIVENESS_ENGINE = env.text("IDV_LIVENESS_ENGINE", "idv.face.mesh_liveness.MeshLivenessEngine")
DOCUMENT_READER = env.text("IDV_DOCUMENT_READER", "idv.provider.document.reader.OcrDocumentReader")
# The reader for relying parties, and requests of theirs, that ask for two readers to agree.
HIGH_ASSURANCE_DOCUMENT_READER = env.text(
    "IDV_HIGH_ASSURANCE_DOCUMENT_READER", "idv.provider.document.reader.HighAssuranceDocumentReader"
)
# Whether people who cannot turn their head or close their eyes may move the camera instead.
PROVIDER_STILL_HEAD_ALLOWED = env.boolean("PROVIDER_STILL_HEAD_ALLOWED", True)
# Confidence 0-100 from which the provider takes selfie and document portrait for one person.
PROVIDER_FACE_MATCH_THRESHOLD = env.integer("PROVIDER_FACE_MATCH_THRESHOLD", 70)

# --- Where an emulation reaches in (kit/hooks.py) ---
if EMULATION:
    CLOCK_HOOK = "recovery_portal.emulation.clock.moved"
    FETCH_HOOK = "recovery_portal.emulation.wires.around_fetch"
    QUEUE_HOOK = "recovery_portal.emulation.faults.around_queue"
    TASK_HOOK = "recovery_portal.emulation.faults.around_task"
    PART_HOOK = "recovery_portal.emulation.parts.chosen"
    CHANCE_HOOK = "recovery_portal.emulation.chance.seeded"
    PICTURE_HOOK = "recovery_portal.emulation.cues.drawn"

# Who tells `manage.py privacy report` what is held about people.
PRIVACY_INVENTORIES = [
    *(["idv.verifier.privacy.inventory", "recovery_portal.recovery.privacy.inventory"] if _HAS_ACCOUNTS else []),
    *(["idv.issuer.privacy.inventory"] if _HAS_ACCOUNTS else []),
    *(["idv.provider.privacy.inventory"] if ROLE in {"provider", "all"} else []),
]

# What `manage.py doctor` looks at, in this order.
EXAMINATIONS = [
    "recovery_portal.kit.doctor.examinations.settings_agree",
    "recovery_portal.kit.doctor.examinations.database",
    "recovery_portal.kit.doctor.examinations.counters",
    "recovery_portal.kit.doctor.examinations.keys",
    "recovery_portal.kit.doctor.examinations.parts",
    "recovery_portal.kit.doctor.examinations.workers",
    *(
        [
            "tap.examination.policy",
            "idv.verifier.examination.providers",
            "recovery_portal.recovery.examination.profiles",
        ]
        if _HAS_ACCOUNTS
        else []
    ),
]

# --- Browser -------------------------------------------------------------------------------------------------------
SESSION_ENGINE = "recovery_portal.kit.sessions"
# Cookies know no ports: on one host the houses must not share a name.
_COOKIE_PREFIX = "__Host-" if _SECURE else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}{HOUSE_BRAND}-session"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}{HOUSE_BRAND}-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_FAILURE_VIEW = "recovery_portal.kit.views.csrf_failure"
# An emulation's host is this machine, whose other servers a browser must not be told to expect https of for a year.
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE and not EMULATION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE and not EMULATION
SECURE_SSL_REDIRECT = False  # the proxy's work; the portal itself is never reached over http when its URL is https
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # see SECURE_SSL_REDIRECT
    "security.W021",  # preloading HSTS binds every host of a domain: its owner's decision
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}
# Twelve frames of a phone's camera fit; the image gate caps each of them (kit/images.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024  # uploads stay in memory: no face is ever spooled to a disk in clear
FILE_UPLOAD_HANDLERS = ["recovery_portal.kit.uploads.CappedMemoryUpload"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [PAGES_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PRODUCTION
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [PAGES_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Mail ----------------------------------------------------------------------------------------------------------
_MAIL = urlsplit(env.text("MAIL_URL", "console://"))
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
MAIL_DELIVERED_BY = {
    "smtp": _SMTP,
    "smtp+starttls": _SMTP,
    "smtps": _SMTP,
    "file": "django.core.mail.backends.filebased.EmailBackend",
    "console": "django.core.mail.backends.console.EmailBackend",
}[_MAIL.scheme]
EMAIL_BACKEND = "recovery_portal.emulation.mail.WatchedMail" if EMULATION else MAIL_DELIVERED_BY
EMAIL_HOST = _MAIL.hostname or "localhost"
# RFC 8314 3.3: smtps is TLS from the first byte; STARTTLS belongs to the submission port (RFC 6409).
EMAIL_PORT = _MAIL.port or {"smtps": 465, "smtp+starttls": 587}.get(_MAIL.scheme, 25)
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp+starttls"
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_FILE_PATH = _MAIL.path if _MAIL.scheme == "file" else None
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "no-reply@localhost")
HELP_DESK_CONTACT = env.text("HELP_DESK_CONTACT", "your IT help desk")

# Waiting pages that are told of changes at once, in one process; the others ask once a second. A stream holds one of
# the server's threads (thirty-two in the image), so most must be left to pages.
STREAMS_PER_PROCESS = env.integer("STREAMS_PER_PROCESS", 12)

# --- API and logs --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "recovery_portal.api.schema.GraphSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Recovery Portal",
    "VERSION": "0.1.0",
    "DESCRIPTION": "Directory, authentication methods, Temporary Access Passes, recovery profiles and audit in the"
    " shape of Microsoft Graph. Every address is also served under /beta.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/v1.0",
    "PREPROCESSING_HOOKS": ["recovery_portal.api.schema.one_version"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "recovery_portal.api.schema.selectable",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
# The organisation's id in token addresses; made of the portal's address unless it is given.
TENANT_ID = str(UUID(env.text("TENANT_ID", str(uuid5(NAMESPACE_URL, PORTAL_BASE_URL)))))
# Calls of one program in a minute; beyond them it is told when to come back.
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 1200)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "recovery_portal.kit.logs.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    # httpx writes whole URLs, query and all.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}, "PIL": {"level": "INFO"}},
}
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # `kit.logs.bind_address` does so, and believes no stranger's header
