"""The Celery application; ``celery -A recovery_portal worker`` serves the house that PORTAL_ROLE names."""

import os

from celery import Celery
from celery.signals import worker_init
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.steps import DjangoStructLogInitStep

from idv.face.checks import refuse_threads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery_portal.settings")

app = Celery("recovery_portal", task_cls="recovery_portal.kit.task:HouseTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
worker_init.connect(refuse_threads)
# A task says in its log which request sent it. Connected here, so that only who sends or works loads Celery.
_request_ids = CeleryReceiver()
_request_ids.connect_signals()
