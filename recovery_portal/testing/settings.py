"""Every house in one process, for tests that join them by WSGI: the same bytes, no sockets, no worker, no broker.

Any of these variables may be set before; ``DATABASE_URL`` for example, to run on PostgreSQL.
"""

import os

DEFAULTS = {
    "PORTAL_ROLE": "all",
    "EMULATION": "1",
    "EMULATION_TOKEN": "in-process-control-token-of-no-secrecy",
    "PORTAL_SECRET_KEY": "tests-only-secret-key-of-fifty-characters-and-a-few-more",
    "PORTAL_VAULT_KEY": "dGVzdHMtb25seS12YXVsdC1rZXktb2YtMzItYnl0ZXM=",
    "PORTAL_BASE_URL": "http://portal.test",
    "PROVIDER_BASE_URL": "http://provider.test",
    "WALLET_URL": "http://wallet.test",
    "OUTBOUND_ORIGINS": "http://portal.test,http://provider.test,http://wallet.test,http://extension.test",
    "ALLOWED_HOSTS": "portal.test,provider.test,wallet.test,testserver",
    "DATABASE_URL": "sqlite:///",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "RECOVERY_VERDICT_S": "0",
    "LOG_LEVEL": "WARNING",
}
for _name, _value in DEFAULTS.items():
    os.environ.setdefault(_name, _value)

from recovery_portal.settings import *  # noqa: E402, F403
from recovery_portal.settings import DATABASES, MIDDLEWARE  # noqa: E402

# Which house answers is told by the host, as it is by the process otherwise.
MIDDLEWARE = ["recovery_portal.testing.hosts.HouseByHost", *MIDDLEWARE]
# A database in memory is made as the models are: the way of the migrations there takes five seconds longer.
if DATABASES["default"]["NAME"] == ":memory:":
    DATABASES["default"]["TEST"] = {"MIGRATE": False}
# Letters and the journal lie there too.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
STATIC_ROOT = None  # type: ignore[assignment]  # nothing is ever collected
WHITENOISE_AUTOREFRESH = True  # files are looked for when one is asked for, and not by every client that is made
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
MAIL_DELIVERED_BY = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_BACKEND = "recovery_portal.emulation.mail.WatchedMail"
