"""The wallet's own site."""

from __future__ import annotations

from django.urls import include, path, re_path

from idv.wallet import views, views_issuance, views_presentation, views_scanning
from recovery_portal.kit import views as kit_views
from recovery_portal.kit.health import health_patterns

_pages = [
    path("", views.home, name="home"),
    path("set-up/", views.set_up, name="set_up"),
    path("unlock/", views.unlock, name="unlock"),
    path("lock/", views.lock, name="lock"),
    path("stay/", views.stay, name="stay"),
    path("settings/", views.settings_page, name="settings"),
    path("erase/", views.erase, name="erase"),
    path("history/", views.history, name="history"),
    path("verified-ids/<uuid:credential_id>/", views.credential, name="credential"),
    path("verified-ids/<uuid:credential_id>/delete/", views.delete, name="delete"),
    path("paste/", views.paste, name="paste"),
    path("scan/", views_scanning.scan, name="scan"),
    # Other people's pages link here; with or without the slash, nobody's offer is lost to a redirect.
    re_path(r"^receive/?$", views.receive, name="receive"),
    re_path(r"^present/?$", views.present, name="present"),
    path("add/<uuid:link_id>/", views_issuance.add, name="add"),
    path("add/<uuid:link_id>/start/", views_issuance.start, name="start"),
    path("add/<uuid:link_id>/leave/", views_issuance.leave, name="leave"),
    re_path(r"^authorized/?$", views_issuance.come_back, name="come_back"),
    path("add/<uuid:link_id>/waiting/", views_issuance.waiting, name="waiting"),
    path("add/<uuid:link_id>/waiting/status/", views_issuance.waiting_status, name="waiting_status"),
    path("add/<uuid:link_id>/success/", views_issuance.added, name="added"),
    path("share/<uuid:link_id>/", views_presentation.consent, name="consent"),
    path("share/<uuid:link_id>/done/", views_presentation.answered, name="answered"),
]

urlpatterns = [*health_patterns, path("", include((_pages, "wallet")))]

handler400 = kit_views.bad_request
handler403 = kit_views.forbidden
handler404 = kit_views.not_found
handler500 = kit_views.server_error
