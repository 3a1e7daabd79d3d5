"""How the console writes figures."""

from django import template
from django.utils.translation import gettext as _

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
