"""Where a person may be sent."""

from django.utils.http import url_has_allowed_host_and_scheme


def local_path(value: str | None, default: str) -> str:
    """``value`` when it is a path of this site, else ``default``: no open redirect (RFC 9700 4.11)."""
    if value and value.startswith("/") and url_has_allowed_host_and_scheme(value, allowed_hosts=None):
        return value
    return default
