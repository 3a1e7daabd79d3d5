"""The portal's addresses. The provider and the wallet are other sites: ``idv.provider.urls``, ``idv.wallet.urls``."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from idv.issuer.urls import well_known as issuer_well_known
from idv.verifier.addresses import MOUNTED_AT
from idv.verifier.urls import well_known
from recovery_portal.kit import views
from recovery_portal.kit.health import health_patterns

admin.autodiscover()

urlpatterns = [
    path("recover/", include("recovery_portal.recovery.urls")),
    path("verified-id/", include("recovery_portal.verified_id.page_urls")),
    path("verified-id/", include("idv.issuer.urls")),
    path(MOUNTED_AT, include("idv.verifier.urls")),
    path("", include(issuer_well_known)),
    path("", include(well_known)),
    path("admin/account-recovery/", include("recovery_portal.recovery.console.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("recovery_portal.api.docs_urls")),
    path("", include("recovery_portal.api.urls")),
    *health_patterns,
    path("", include("accounts.urls")),
]
if settings.EMULATION:
    urlpatterns.append(path("demo/", include("recovery_portal.demo.urls")))

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
