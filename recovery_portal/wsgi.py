import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery_portal.settings")

application = get_wsgi_application()

# A web process sends work: Celery is loaded now, and not with somebody's first photo.
import_module("recovery_portal.celery")
