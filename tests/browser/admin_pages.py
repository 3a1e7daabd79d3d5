"""Which pages of the consoles are looked at, by whom: each test keeps its promise, and together they leave none out
(tests/flow/test_every_page_is_looked_at.py)."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from django.urls import resolve

PROVIDERS_URLS = "idv.provider.urls"


def _of(model: str, *pages: str) -> set[str]:
    return {f"admin:{model}_{page}" for page in pages}


BY_TWO: Final = frozenset(
    {
        "console:home", "console:wizard", "console:extensions", "console:extension-add", "console:extension",
        "console:extension-test", "console:simulator", "console:safeguards", "console:proposal", "console:readiness",
        "console:attempt", "console:stop",
    }
)  # fmt: skip
ATTEMPTS: Final = frozenset(
    {
        "console:home", "console:attempts", "console:attempt", "console:reviews", "console:review", "console:block",
        "console:review-issue", "console:blocks", "console:savings", "console:providers", "console:provider",
        "console:provider-add", *_of("accounts_operatorsigninpolicy", "change"),
        *_of("accounts_auditevent", "changelist"),
    }
)  # fmt: skip
ADMIN: Final = frozenset(
    {
        "admin:index",
        *_of("accounts_user", "changelist", "add", "change"),
        *_of("accounts_directorygroup", "changelist"),
        *_of("verifier_identityprovider", "changelist"),
        *_of("recovery_recoveryprofile", "changelist", "change"),
        *_of("recovery_recoveryattempt", "changelist", "change"),
        *_of("tap_temporaryaccesspasspolicy", "change"),
        *_of("tap_temporaryaccesspass", "add"),
        "admin:recovery_profile_mode",
        "provider:provider_issuedcredential_changelist", "provider:provider_statuschange_changelist",
        "provider:provider_proofingdecision_changelist", "provider:provider_proofingdecision_change",
        "provider:provider_review", "provider:provider_issuedcredential_change",
        "provider:provider_statuschange_change",
    }
)  # fmt: skip
RECORDS: Final = frozenset(
    {
        "console:explain", "console:methods", "console:assistance-queue", "console:assistance",
        "console:extension-change",
        *_of("auth_group", "changelist", "add", "change"),
        *_of("accounts_auditevent", "change"),
        *_of("accounts_passkeypolicy", "change"),
        *_of("accounts_directorygroup", "add", "change"),
        *_of("tap_temporaryaccesspass", "changelist", "change", "delete"),
        *_of("verifier_identityprovider", "add", "change"),
        *_of("verifier_proofingrequest", "changelist", "change"),
        *_of("verifier_presentationrequest", "changelist", "change"),
        *_of("verifier_facecheck", "changelist", "change"),
        *_of("issuer_contract", "changelist", "add", "change"),
        *_of("issuer_issuedcredential", "changelist", "change"),
        *_of("recovery_identityrecord", "changelist", "add", "change"),
        *_of("recovery_recoveryprofile", "add", "delete", "history"),
        *_of("recovery_recoverypolicy", "change"),
        *_of("verified_id_servicerequest", "changelist", "change"),
        *_of("api_appregistration", "changelist", "add", "change"),
        "admin:api_app_secret", "admin:app_list",
    }
)  # fmt: skip
LOOKED_AT: Final = BY_TWO | ATTEMPTS | ADMIN | RECORDS


def name_of(url: str) -> str:
    """The name of a page of the portal's or the provider's consoles; nothing for any other page."""
    path = urlsplit(url).path
    if not path.startswith("/admin/"):
        return ""
    name = resolve(path).view_name
    # What the portal's site does not know, its last address takes in: it is the provider's.
    return f"provider:{resolve(path, PROVIDERS_URLS).url_name}" if name.endswith("catch_all_view") else name


def missed(promised: Iterable[str], seen: Iterable[str]) -> list[str]:
    return sorted(set(promised) - set(seen))
