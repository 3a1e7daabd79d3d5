"""Filters that every room's lists can use."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class NamedValuesFilter(admin.AllValuesFieldListFilter):
    """All values that there are; what has none gets a name, too: a link without words is no link (WCAG 2.4.4)."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": self.named(str(choice["display"] or ""))}

    def named(self, value: str) -> Any:
        return value or _("none")
