"""Addresses of the console, under the admin site's own."""

from django.urls import path

from . import assistance, attempts, extensions, home, methods, people, providers, reviews, savings, switching, wizard

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
    path("assistance/", assistance.queue, name="assistance-queue"),
    path("assistance/<uuid:attempt_id>/", assistance.assist, name="assistance"),
    path("blocks/", attempts.blocks, name="blocks"),
    path("blocks/<uuid:user_id>/", attempts.block, name="block"),
    path("wizard/", wizard.begin, name="wizard-new"),
    path("wizard/profiles/<uuid:profile_id>/", wizard.edit, name="wizard-edit"),
    path("wizard/<uuid:draft_id>/<slug:name>/", wizard.step, name="wizard"),
    path("production/", switching.safeguards, name="safeguards"),
    path("production/no-approval/", switching.propose_no_approval, name="propose-no-approval"),
    path("production/<uuid:proposal_id>/", switching.proposal, name="proposal"),
    path("extensions/", extensions.extensions, name="extensions"),
    path("extensions/add/", extensions.add_extension, name="extension-add"),
    path("extensions/<uuid:extension_id>/", extensions.extension, name="extension"),
    path("extensions/<uuid:extension_id>/change/", extensions.change_extension, name="extension-change"),
    path("extensions/<uuid:extension_id>/grant/", extensions.grant_extension, name="extension-grant"),
    path("extensions/<uuid:extension_id>/delete/", extensions.delete_extension, name="extension-delete"),
    path("extensions/<uuid:extension_id>/test/", extensions.test_extension, name="extension-test"),
    path("methods/", methods.policy, name="methods"),
    path("savings/", savings.savings, name="savings"),
    path("providers/", providers.registry_page, name="providers"),
    path("providers/add/", providers.add, name="provider-add"),
    path("providers/<uuid:provider_id>/", providers.detail, name="provider"),
    path("providers/<uuid:provider_id>/act/", providers.act, name="provider-act"),
]
