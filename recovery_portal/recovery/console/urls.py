"""Addresses of the console, under the admin site's own."""

from django.urls import path

from . import attempts, home, people, providers, reviews

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("explain/", people.explain, name="explain"),
    path("simulator/", people.simulator, name="simulator"),
    path("profiles/<uuid:profile_id>/readiness/", people.ready, name="readiness"),
    path("profiles/<uuid:profile_id>/readiness.csv", people.ready_csv, name="readiness-csv"),
    path("attempts/", attempts.search, name="attempts"),
    path("attempts/<uuid:attempt_id>/", attempts.timeline_page, name="attempt"),
    path("attempts/<uuid:attempt_id>/cancel/", attempts.cancel, name="attempt-cancel"),
    path("attempts/<uuid:attempt_id>/review/", reviews.review, name="review"),
    path("attempts/<uuid:attempt_id>/review/issue/", reviews.issue, name="review-issue"),
    path("reviews/", reviews.queue, name="reviews"),
    path("blocks/", attempts.blocks, name="blocks"),
    path("blocks/<uuid:user_id>/", attempts.block, name="block"),
    path("providers/", providers.registry_page, name="providers"),
    path("providers/add/", providers.add, name="provider-add"),
    path("providers/<uuid:provider_id>/", providers.detail, name="provider"),
    path("providers/<uuid:provider_id>/act/", providers.act, name="provider-act"),
]
