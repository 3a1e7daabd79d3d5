"""``/v1.0`` and ``/beta``: the same resources under both. Rooms are named, never imported; the first that knows an
address has it."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from . import device_doors, oauth
from .batch import Batch
from .shell import NothingHere

ROOMS = (
    "recovery_portal.recovery.api.urls",
    "recovery_portal.verified_id.urls",
    "tap.api",
    "accounts.api.urls",
)
VERSIONS = ("v1.0", "beta")


def _version(name: str) -> list[URLPattern | URLResolver]:
    rooms: list[URLPattern | URLResolver] = [path(f"{name}/", include(room)) for room in ROOMS]
    rooms.insert(0, path(f"{name}/$batch", Batch.as_view(version=name), name=f"api-batch-{name}"))
    return [*rooms, re_path(rf"^{name}/(?P<rest>[\s\S]*)$", NothingHere.as_view())]


urlpatterns = [
    *(pattern for version in VERSIONS for pattern in _version(version)),
    path("<uuid:tenant>/v2.0/.well-known/openid-configuration", oauth.configuration),
    path("<uuid:tenant>/discovery/v2.0/keys", oauth.keys),
    path("<uuid:tenant>/oauth2/v2.0/token", oauth.token, name="api-token"),
    path("<uuid:tenant>/oauth2/v2.0/devicecode", device_doors.start, name="api-device-start"),
    path("device/", device_doors.enter, name="api-device"),
    path("<uuid:tenant>/oauth2/v2.0/authorize", oauth.authorize, name="api-authorize"),
]
