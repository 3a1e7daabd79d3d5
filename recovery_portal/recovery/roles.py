"""The original's administrator roles as groups of permissions (facts 1.3, 2).

What a role may never do is not said here but held by the flows: nobody issues a pass for themselves, and operators'
accounts are left to those who may manage operators.
"""

from typing import Final

from django.contrib.auth.models import Group, Permission
from django.db import transaction

_READS_DIRECTORY = ("accounts.view_user", "accounts.view_directorygroup")
_READS_ATTEMPTS = (
    "recovery.view_recoveryattempt",
    "recovery.view_attemptevent",
    "recovery.view_attemptdevice",
    "recovery.view_consent",
    "recovery.view_attemptreview",
    "recovery.view_recoveryblock",
)
_READS_PROFILES = (
    "recovery.view_recoveryprofile",
    "recovery.view_recoverypolicy",
    "verifier.view_identityprovider",
    "tap.view_temporaryaccesspasspolicy",
    "accounts.view_passkeypolicy",
    "recovery.view_claimextension",
    "recovery.view_extensionlistener",
    "recovery.view_extensioncall",
    "recovery.view_proposal",
    "issuer.view_contract",
)
_READS_CHECKS = (
    "verifier.view_proofingrequest",
    "verifier.view_presentationrequest",
    "verifier.view_facecheck",
    "verified_id.view_servicerequest",
    "verified_id.view_callback",
    "issuer.view_issuedcredential",
)
_HANDLES_PASSES = (
    "tap.view_temporaryaccesspass",
    "tap.add_temporaryaccesspass",
    "tap.delete_temporaryaccesspass",
    "recovery.cancel_recoveryattempt",
    "recovery.add_recoveryblock",
    "recovery.review_attempt",
)
_SETS_UP = (
    "recovery.add_recoveryprofile",
    "recovery.change_recoveryprofile",
    "recovery.delete_recoveryprofile",
    "recovery.add_recoverypolicy",
    "recovery.change_recoverypolicy",
    "verifier.add_identityprovider",
    "verifier.change_identityprovider",
    "recovery.add_claimextension",
    "recovery.change_claimextension",
    "recovery.delete_claimextension",
    "recovery.grant_claimextension",
    "recovery.add_extensionlistener",
    "recovery.change_extensionlistener",
    "recovery.delete_extensionlistener",
    "recovery.decide_proposal",
    "issuer.add_contract",
    "issuer.change_contract",
)
_AUTHENTICATION: Final = (
    *_READS_DIRECTORY,
    *_READS_ATTEMPTS,
    *_READS_PROFILES,
    *_HANDLES_PASSES,
    *_SETS_UP,
    "verified_id.add_servicerequest",
    "verified_id.issue_credentials",
    "verified_id.view_servicerequest",
    "verified_id.view_callback",
    "issuer.view_issuedcredential",
    "issuer.revoke_issuedcredential",
    "accounts.manage_methods",
    "recovery.view_match_detail",
    "recovery.delete_recoveryblock",
    "accounts.view_auditevent",
)

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "Authentication Administrator": _AUTHENTICATION,
    "Privileged Authentication Administrator": (
        *_AUTHENTICATION,
        "tap.issue_for_operators",
        "accounts.manage_methods_of_operators",
        "accounts.view_operatorsigninpolicy",
        "accounts.change_operatorsigninpolicy",
    ),
    "Authentication Policy Administrator": (
        *_READS_DIRECTORY,
        *_READS_PROFILES,
        *_SETS_UP,
        "tap.change_temporaryaccesspasspolicy",
        "accounts.change_passkeypolicy",
        "accounts.view_auditevent",
    ),
    "User Administrator": (
        *_READS_DIRECTORY,
        "accounts.add_user",
        "accounts.change_user",
        "accounts.add_directorygroup",
        "accounts.change_directorygroup",
        "recovery.view_recoveryprofile",
        "recovery.view_identityrecord",
        "recovery.add_identityrecord",
        "recovery.change_identityrecord",
        "recovery.delete_identityrecord",
    ),
    "Helpdesk": (*_READS_DIRECTORY, *_READS_ATTEMPTS, *_HANDLES_PASSES),
    "Global Reader": (
        *_READS_DIRECTORY,
        *_READS_ATTEMPTS,
        *_READS_PROFILES,
        *_READS_CHECKS,
        "tap.view_temporaryaccesspass",
        "accounts.view_auditevent",
    ),
}


@transaction.atomic
def provision() -> int:
    """Give each role's group exactly its permissions; returns how many groups are new. Members and groups of your own
    are left alone. Idempotent. Raises LookupError for a permission that this version does not have."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    made = 0
    for name, wanted in ROLES.items():
        if unknown := set(wanted) - known.keys():
            raise LookupError(f"{name}: no permission {min(unknown)}")
        group, created = Group.objects.get_or_create(name=name)
        group.permissions.set(known[each] for each in wanted)
        made += created
    return made
