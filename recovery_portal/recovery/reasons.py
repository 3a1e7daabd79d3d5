"""Reason codes in words, for operators, by where on the way they come up."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_ACCOUNT: Final[dict[str, Promise]] = {
    "account_disabled": _("The account is disabled."),
    "excluded_group": _("The person is in a group that is excluded from recovery."),
    "not_in_scope": _("No enabled profile includes the person."),
    "never_signed_in": _("The person has never signed in."),
    "name_blank": _("Given name or surname is blank."),
    "outside_pass_policy": _("The person is outside the Temporary Access Pass policy."),
    "external_guest": _("An external guest signs in at home, not here."),
    "blocked": _("An operator blocked recovery for this person."),
    "stopped": _("An operator stopped recovery for everybody."),
    "unknown_account": _("The directory does not know this account."),
    "unknown_account_declined": _("The directory does not know this account; it was sent nowhere, as many are not."),
}
_PROVIDER_DOWN: Final[dict[str, Promise]] = {
    "provider_disabled": _("The provider is disabled."),
    "provider_paused": _("An operator paused the provider."),
    "provider_not_subscribed": _("The subscription of the provider is not active."),
    "provider_unreachable": _("The provider did not answer."),
    "provider_answered_wrong": _("The provider did not answer as it must."),
    "metadata_invalid": _("The provider's metadata cannot be used."),
    "keys_invalid": _("The provider's keys cannot be used."),
}
_PROOFING: Final[dict[str, Promise]] = {
    "declined": _("The provider declined and gave no reason."),
    "access_denied": _("The person did not agree."),
    "consent_refused": _("The person did not agree to the check of document and face."),
    "expired": _("Time ran out."),
    "document_expired": _("The document has expired."),
    "dates_implausible": _("The dates in the document cannot be right."),
    "mrz_check_digit_wrong": _("A check digit of the document's machine-readable lines is wrong."),
    "printed_name_differs": _("The printed name and the machine-readable part of the document differ."),
    "printed_number_differs": _("The printed number and the machine-readable part of the document differ."),
    "printed_date_differs": _("The printed dates and the machine-readable part of the document differ."),
    "too_many_document_tries": _("No photo of the document could be used, in as many tries as there are."),
    "too_many_selfie_tries": _("No photo of the face could be used, in as many tries as there are."),
    "face_mismatch": _("The face is not that on the document."),
    "review_declined": _("A reviewer at the provider declined."),
    "issuer_mismatch": _("The answer came from another provider than was asked."),
    "result_invalid": _("The provider's signed answer did not hold."),
    "result_replayed": _("The provider's answer was used before."),
    "code_refused": _("The provider did not take the code back."),
    "claim_missing": _("The provider's answer lacks what the match needs."),
}
_PRESENTATION: Final[dict[str, Promise]] = {
    "vp_formats_not_supported": _("The wallet cannot show credentials of this form."),
    "superseded": _("A newer request took its place."),
    "credential_revoked": _("The provider has revoked the credential."),
    "credential_expired": _("The credential has expired."),
    "credential_not_yet_valid": _("The credential is not valid yet."),
    "credential_for_another": _("The credential is of another identity check."),
    "other_proofing": _("The credential is of another identity check."),
    "holder_unexpected": _("The credential belongs to another wallet."),
    "issuer_untrusted": _("The credential is not from the profile's provider."),
    "vct_unexpected": _("The credential is of another type."),
    "claims_missing": _("The credential lacks claims that were asked for."),
    "portrait_missing": _("The credential carries no portrait."),
    "portrait_refused": _("The credential's portrait cannot be used."),
    "assurance_too_low": _("The provider vouches for less than is asked."),
    "verification_too_old": _("The identity check behind the credential is too long ago."),
}
_FACE: Final[dict[str, Promise]] = {
    "below_threshold": _("The face differs from the credential's portrait: the score is below the threshold."),
    "too_many_tries": _("All tries of the Face Check are used up."),
    "flat_picture": _("The camera was shown a picture, not a live face."),
    "other_person": _("The photos show different people."),
    "frames_repeated": _("One photo was sent more than once."),
    "portrait_unusable": _("No face can be measured in the portrait."),
    "no_face": _("No face could be seen in a photo."),
    "two_faces": _("More than one face was in a photo."),
    "too_small": _("The face was too small in a photo."),
    "too_dark": _("A photo was too dark."),
    "blurred": _("A photo was blurred."),
    "not_frontal": _("The first photo was not taken from the front."),
    "turn_too_small": _("The head was turned too little."),
    "turn_too_large": _("The head was turned too far."),
    "turned_other_way": _("The head was turned the other way than asked."),
    "lift_too_small": _("The chin was lifted too little."),
    "eyes_not_closed": _("The eyes were not closed when asked."),
    "eyes_not_opened": _("The eyes were closed when they should have been open."),
    "not_closer": _("The face did not come closer when asked."),
    "frames_missing": _("Photos were missing."),
    "challenge_expired": _("The photos came too late."),
    "photos_expired": _("The photos were deleted before a worker looked at them."),
    "check_gave_up": _("The check was begun several times and never finished."),
    "engine_unavailable": _("The engine that compares faces cannot be used: is it installed?"),
    "request_over": _("The request had ended before the check was done."),
}
_MATCH: Final[dict[str, Promise]] = {
    "name_mismatch": _("The names differ."),
    "homonym": _("The same names fit somebody else, too."),
    "several_words": _("Given name or surname has several words: Relaxed compares one word with one word."),
    "attribute_missing": _("An attribute that the profile compares is not on file."),
    "attribute_mismatch": _("An attribute that must agree differs, or one side has none."),
    "claims_refused": _("The extension for claim validation said no."),
    "extension_error": _("The extension for claim validation could not be asked, or did not answer as agreed."),
    "wrong_number": _("The phone picked another number than the page showed."),
    "no_such_number": _("The phone's owner saw none of the numbers."),
    "assistance_refused": _("An operator could not make sure who it is."),
    "assistance_code_wrong": _("The number on the person's page was given wrongly three times."),
}
_ENDED: Final[dict[str, Promise]] = {
    "not_me": _("The owner of the account said that it was somebody else."),
    "declined_on_phone": _("The person declined on the phone."),
    "newer_attempt": _("A newer attempt of the same person got a pass."),
    "started_anew": _("The person began again."),
}
_ELSEWHERE: Final[dict[str, Promise]] = {
    "no_address": _("No mail address is on file: the person would hear nothing of a recovery."),
    "pass_issued": _("A pass would have been issued."),
}

# What an attempt may end or pause with, for a list to choose from.
GROUPS: Final[tuple[tuple[Promise, dict[str, Promise]], ...]] = (
    (_("The account"), _ACCOUNT),
    (_("The provider is out of reach"), _PROVIDER_DOWN),
    (_("At the provider"), _PROOFING),
    (_("Credential and wallet"), _PRESENTATION),
    (_("Face Check"), _FACE),
    (_("Match and number"), _MATCH),
    (_("Ended early"), _ENDED),
)
_WORDS: Final = {code: words for _group, table in GROUPS for code, words in table.items()} | _ELSEWHERE
# Codes that name the very clause which did not hold: for whoever runs the other side. One sentence does for a family.
_FAMILIES: Final[tuple[tuple[tuple[str, ...], Promise], ...]] = (
    (("key_binding_",), _("The wallet did not prove that the credential is its own, for this request.")),
    (("status_",), _("Whether the credential still counts could not be found out.")),
    (("disclosure_", "sd_jwt_", "claims_", "claim_", "vc_", "vp_", "holder_"),
     _("The credential, or what the wallet showed of it, is not built as it must be.")),
    (("issuer_", "certificate_", "jwks_", "key_"), _("The signer's key cannot be used.")),
    (("jws_", "jwe_", "json_", "token_", "time_"), _("A signature, or what it covers, did not hold.")),
    (("message_", "verdict_", "pkce_", "evidence_", "trust_framework_"), _("The provider's answer did not hold.")),
    (("invalid_", "unauthorized_", "unsupported_", "server_error", "temporarily_", "wallet_", "unknown_error"),
     _("The wallet could not answer, and named no fault of the person's.")),
    (("already_", "forgotten"), _("The answer had been used, or erased, before.")),
    (("response_", "dcql_", "request_"), _("The wallet's answer was not what the request asks for.")),
)  # fmt: skip


def in_words(code: str) -> str | Promise:
    """The sentence of a code; one that nobody here knows, such as another provider's own, stands for itself."""
    if code in _WORDS:
        return _WORDS[code]
    return next((words for starts, words in _FAMILIES if code.startswith(starts)), code)
