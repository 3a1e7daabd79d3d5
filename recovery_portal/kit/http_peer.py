"""Who is at the other end of a request, as far as it can be believed."""

import unicodedata
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

_CITY_CHARACTERS = 40


def address(request: HttpRequest) -> str:
    """Client IP address; X-Forwarded-For counts only behind ``TRUSTED_PROXIES`` proxies (ASVS 5.0 4.1.3)."""
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


def network(address: str) -> str:
    """An IPv6 subscriber has a /64 to rotate through; it counts as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else address


def browser_and_city(request: HttpRequest) -> str:
    """``Chrome on Windows, Lyon``, the city only when it is known: for people who decide whether that is them."""
    return ", ".join(filter(None, (browser(request), city(request))))


def city(request: HttpRequest) -> str:
    """The city that the proxy names in ``CITY_HEADER``; empty when it names none, or when no proxy is trusted.

    Nothing is guessed here: a proxy that knows where addresses lie says so, and anybody else may write what they like.
    """
    if not settings.CITY_HEADER or not settings.TRUSTED_PROXIES:
        return ""
    try:
        named = request.headers.get(settings.CITY_HEADER, "").encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        return ""
    is_a_name = all(c in " -'’.()" or unicodedata.category(c)[0] in "LM" for c in named)
    return named if is_a_name and len(named) <= _CITY_CHARACTERS else ""


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
