"""Every house in one process, for tests that join them by WSGI; the separate processes run in tests/browser."""

import os

os.environ.setdefault("PORTAL_ROLE", "all")
os.environ.setdefault("EMULATION", "1")
os.environ.setdefault("PORTAL_SECRET_KEY", "tests-only-secret-key-of-fifty-characters-and-a-few-more")
os.environ.setdefault("PORTAL_VAULT_KEY", "dGVzdHMtb25seS12YXVsdC1rZXktb2YtMzItYnl0ZXM=")
os.environ.setdefault("PORTAL_BASE_URL", "http://portal.test")
os.environ.setdefault("PROVIDER_BASE_URL", "http://provider.test")
os.environ.setdefault("WALLET_URL", "http://wallet.test")
os.environ.setdefault("OUTBOUND_ORIGINS", "http://portal.test,http://provider.test,http://wallet.test")
os.environ.setdefault("ALLOWED_HOSTS", "portal.test,provider.test,wallet.test,testserver")
os.environ.setdefault("DATABASE_URL", "sqlite:///")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from recovery_portal.settings import *  # noqa: F403

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
