"""How the console writes figures, and what the machines call by a code."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .. import words
from ..reasons import in_words

register = template.Library()


@register.filter
def duration(milliseconds: int | None) -> str:
    """A time as people say it: ``0.4 s``, ``35 s``, ``4 min 05 s``, ``2 h 10 min``."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    if seconds < 10:
        return _("%.1f s") % seconds
    if seconds < 60:
        return _("%d s") % seconds
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return _("%(m)d min %(s)02d s") % {"m": minutes, "s": rest}
    return _("%(h)d h %(m)02d min") % {"h": minutes // 60, "m": minutes % 60}


@register.filter
def in_state(state: str) -> words.Words:
    return words.of_state(state)


@register.filter
def because(code: str) -> str | SafeString:
    """A reason in words, its code beside it; a dash for none, the code alone for one that has no words."""
    said = in_words(code)
    if not code:
        return "–"
    return format_html("<code>{}</code>", code) if said == code else format_html("{} <code>{}</code>", said, code)


@register.filter
def in_way(way: str) -> str:
    return words.of_way(way)


@register.filter
def finding(value: str) -> words.Words:
    return words.of_finding(value)


@register.filter
def in_field(name: str) -> words.Words:
    return words.of_field(name)
