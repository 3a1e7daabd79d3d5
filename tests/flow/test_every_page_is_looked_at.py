"""No page of the consoles is forgotten: those that there are, against those that a browser looks at with axe."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory

from idv.provider.admin import site as providers_site
from tests.browser.admin_pages import LOOKED_AT
from tests.fakes.recovery import make_person

from .test_admin_permission_matrix import addresses

# By POST alone, or a file: there is nothing to look at but the page that follows, which has a name of its own.
NO_PAGES = {
    "console:readiness-csv", "console:attempt-cancel", "console:propose-no-approval", "console:extension-grant",
    "console:extension-delete", "console:provider-act", "console:wizard-new", "console:wizard-edit",
    "admin:accounts_auditevent_csv", "admin:accounts_auditevent_jsonl", "admin:login", "admin:logout",
    "admin:password_change", "admin:password_change_done", "admin:autocomplete", "admin:jsi18n", "admin:view_on_site",
    "admin:None",
}  # fmt: skip
# Django's own pages, the same for every record but for its name: one of each is looked at.
ALIKE = re.compile(r"admin:\w+_(history|delete)")


@pytest.mark.django_db
def test_every_page_of_the_consoles_is_looked_at() -> None:
    request = RequestFactory().get("/admin/")
    request.user = make_person("root@contoso.example", is_staff=True, is_superuser=True)
    there_are = addresses().keys() - NO_PAGES
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if not page.has_add_permission(request):
            there_are -= {f"{name}_add"}
        if _list_is_its_form(page):
            there_are -= {f"{name}_changelist"}
    for model in providers_site._registry:
        name = f"provider:{model._meta.app_label}_{model._meta.model_name}"
        there_are |= {f"{name}_changelist", f"{name}_change"}
    there_are = {name for name in there_are if not ALIKE.fullmatch(name)}
    assert sorted(there_are - LOOKED_AT) == []
    known = there_are | {"provider:provider_review"}
    assert sorted(name for name in LOOKED_AT - known if not ALIKE.fullmatch(name)) == []
    for page in ("history", "delete"):
        assert any(name.endswith(f"_{page}") for name in LOOKED_AT)


def _list_is_its_form(page: Any) -> bool:
    return "its list is its form" in (type(page).__doc__ or "")
