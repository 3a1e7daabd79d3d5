"""Who is at the other end of a request, as far as it can be believed."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Client IP address; X-Forwarded-For counts only behind ``TRUSTED_PROXIES`` proxies (ASVS 5.0 4.1.3)."""
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


def browser(request: HttpRequest) -> str:
    """Browser and system in plain words, such as ``Chrome on Windows``; a hint for people, never a decision."""
    agent = request.headers.get("User-Agent", "")
    name = next(
        (
            label
            for mark, label in (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
            if mark in agent
        ),
        "A browser",
    )
    system = next(
        (
            label
            for mark, label in (
                ("iPhone", "iPhone"),
                ("iPad", "iPad"),
                ("Android", "Android"),
                ("Windows", "Windows"),
                ("Mac OS", "Mac"),
                ("Linux", "Linux"),
            )
            if mark in agent
        ),
        "",
    )
    return f"{name} on {system}" if system else name
