"""Reason codes in words, for operators."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Final[dict[str, Promise]] = {
    "account_disabled": _("The account is disabled."),
    "excluded_group": _("The person is in a group that is excluded from recovery."),
    "not_in_scope": _("No enabled profile includes the person."),
    "never_signed_in": _("The person has never signed in."),
    "name_blank": _("Given name or surname is blank."),
    "name_mismatch": _("The names differ."),
    "homonym": _("The same names fit somebody else, too."),
    "several_words": _("Given name or surname has several words: Relaxed compares one word with one word."),
    "attribute_missing": _("An attribute that the profile compares is not on file."),
    "attribute_mismatch": _("An attribute that must agree differs, or one side has none."),
    "claims_refused": _("The extension for claim validation said no."),
    "extension_error": _("The extension for claim validation could not be asked, or did not answer as agreed."),
    "outside_pass_policy": _("The person is outside the Temporary Access Pass policy."),
    "external_guest": _("An external guest signs in at home, not here."),
    "no_address": _("No mail address is on file: the person would hear nothing of a recovery."),
    "pass_issued": _("A pass would have been issued."),
    "blocked": _("An operator blocked recovery for this person."),
    "unknown_account": _("The directory does not know this account."),
    "provider_disabled": _("The provider is disabled."),
    "provider_paused": _("An operator paused the provider."),
    "provider_not_subscribed": _("The subscription of the provider is not active."),
    "provider_unreachable": _("The provider did not answer."),
    "provider_answered_wrong": _("The provider did not answer as it must."),
    "metadata_invalid": _("The provider's metadata cannot be used."),
    "keys_invalid": _("The provider's keys cannot be used."),
    "assistance_refused": _("An operator could not make sure who it is."),
    "assistance_code_wrong": _("The number on the person's page was given wrongly three times."),
    "access_denied": _("The person did not agree at the provider."),
    "issuer_mismatch": _("The answer came from another provider than was asked."),
    "result_invalid": _("The provider's signed answer did not hold."),
    "result_replayed": _("The provider's answer was used before."),
    "code_refused": _("The provider did not take the code back."),
}


def in_words(code: str) -> str | Promise:
    """The sentence of a code; a code without one stands for itself."""
    return REASONS.get(code, code)
