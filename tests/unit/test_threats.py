"""Which test answers which known attack on issuer, verifier and session; a test that is renamed away is missed here.

The numbers are those of the list of negative tests that both were built from: I for what a hostile wallet can do to the
issuer, V for what a trusted but faulty issuer or a hostile holder can send, S for the session around it. What the
OpenID Foundation's suite looks for stands under its own names.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

TESTS = Path(__file__).parents[1]
ANSWERED_BY = {
    "I1 one code redeemed at once": ["test_i1_one_pre_authorized_code_redeemed_at_once"],
    "I2 one nonce used at once": ["test_i2_one_nonce_used_at_once"],
    "I3 a nonce that is stale or somebody else's": ["test_i3_a_nonce_that_is_stale_unknown_or_used_is_refused"],
    "I4 an offer guessed or used": ["test_i4_an_offer_address_that_is_guessed_or_used_is_not_there"],
    "I5 secrets in logs and errors": [
        "test_i5_secrets_are_in_no_log_and_no_error",
        "test_i5_addresses_that_are_secrets_are_not_logged",
    ],
    "I6 the token of one, the transaction of another": [
        "test_i6_a_transaction_id_belongs_to_its_token",
        "test_i6_a_notification_belongs_to_its_token",
    ],
    "I7 one key in two proofs": ["test_i7_the_same_key_twice_and_one_bad_proof_issue_nothing"],
    "I8 other keys, and keys with addresses": ["test_i8_other_keys_are_refused_and_nothing_is_fetched"],
    "I9 a kid that would have to be fetched": [
        "test_i9_a_kid_is_never_fetched",
        "test_i9_an_identifier_that_points_elsewhere_is_not_fetched",
    ],
    "I10 JSON that is none": [
        "test_i10_odd_json_is_400_for_somebody_with_a_token_too",
        "test_i10_a_body_that_is_no_json_is_a_400",
        "test_no_request_makes_a_500",
    ],
    "I11 issued after the proofing ended": [
        "test_i11_nothing_is_issued_after_the_proofing_ended",
        "test_i11_no_token_either_once_the_proofing_ended",
    ],
    "I12 descriptions in plain ASCII": [
        "test_i12_descriptions_are_plain_ascii",
        "test_i12_an_error_description_is_plain_ascii",
    ],
    "I13 unknown documents and a forged Host": [
        "test_i13_metadata_does_not_follow_the_host_header_and_unknown_documents_are_not_there",
        "test_i13_unknown_well_known_addresses_are_404_in_json",
    ],
    "I14 claims that nobody verified, portraits without end": [
        "test_i14_the_credential_says_what_the_document_said",
        "test_i14_no_portrait_is_larger_than_its_cap",
    ],
    "V1 times that are past, ahead or no times": ["test_a_trusted_but_faulty_issuer"],
    "V2 holder keys that are none, private or of another kind": ["test_a_trusted_but_faulty_issuer"],
    "V3 what decides, as a disclosure": [
        "test_v3_what_the_verifier_decides_by_cannot_be_a_disclosure",
        "test_v3_an_element_of_aka_vcts_as_a_disclosure",
    ],
    "V4 collisions, repeated digests, wrong arity": ["test_v4_a_disclosure_that_overwrites_a_signed_claim"],
    "V5 another type; an issuer trusted for another": [
        "test_v5_a_type_that_was_not_asked_for",
        "test_v5_an_issuer_is_trusted_for_its_own_types_only",
        "test_v5_an_authority_for_the_type_stands_instead_of_the_providers",
    ],
    "V6 certificates": [
        "test_v6_iss_is_not_among_the_leafs_names",
        "test_v6_not_yet_valid_and_expired",
        "test_v6_an_intermediate_without_the_authority_flag",
        "test_v6_the_path_length_is_kept",
        "test_v6_the_anchor_must_not_be_sent_along",
        "test_v6_an_intermediate_of_the_same_name_with_another_key",
        "test_v6_a_web_servers_certificate_issues_no_credentials",
        "test_v6_two_chains_in_one_header",
    ],
    "V7 status": [
        "test_v7_revoked_suspended_and_unknown_states",
        "test_v7_an_index_out_of_bounds_fails_closed",
        "test_v7_ssrf_a_list_elsewhere_is_never_fetched",
        "test_v7_a_list_that_cannot_be_had_fails_closed",
        "test_v7_a_ttl_of_thirty_years_is_cut_to_a_day",
    ],
    "V8 a kept list past its time": ["test_v8_a_kept_list_is_not_used_past_its_exp"],
    "V9 odd signatures and encodings": [
        "test_base64url_refuses_padding_other_alphabets_and_unused_bits",
        "test_no_single_character_can_be_changed",
    ],
    "S1 an answer for one session read from another": [
        "test_s1_an_answer_to_one_request_is_never_readable_from_another",
        "test_a_same_device_request_answered_elsewhere_is_never_read_by_the_asking_session",
    ],
    "S2 without, with a wrong, with a used response code": [
        "test_s2_without_the_right_response_code_nothing_is_collected_and_nothing_lost",
        "test_one_answer_is_collected_once",
    ],
    "S3 the redirect opened without the session": [
        "test_a_response_code_of_another_session_is_worth_nothing",
        "test_without_a_seat_every_page_leads_to_the_beginning",
    ],
    "S4 an answer after expiry, cancelling, or a newer request": [
        "test_s4_an_answer_after_expiry_is_refused",
        "test_s4_an_answer_after_cancelling_is_refused",
        "test_s4_a_newer_request_of_the_same_attempt_supersedes",
    ],
    "S5 two wallets at once": ["test_s5_two_wallets_answer_one_request_and_one_wins"],
    "S6 state of one, nonce of another": ["test_s6_the_state_of_one_request_with_the_nonce_of_another_is_refused"],
    "S7 an error with a forged state": ["test_s7_a_decline_with_a_forged_state_kills_nothing"],
    "S8 no Face Check, a failed one, one elsewhere": [
        "test_s8_it_does_not_begin_before_the_presentation_was_collected",
        "test_another_face_is_refused_and_the_score_is_the_operators",
        "test_a_pass_is_reached_only_through_provider_presentation_face_and_match_or_an_operators_word",
    ],
    "S9 the claims of one person, the account of another": [
        "test_names_match_as_the_level_says",
        "test_a_name_that_does_not_match_sees_the_red_error_where_the_pass_would_be",
        "test_a_name_that_fits_two_people_confirms_neither",
    ],
    "S10 one credential for two accounts, or again": [
        "test_s10_a_credential_serves_the_recovery_it_was_made_for_and_no_other",
        "test_a_credential_of_another_proofing_is_not_taken",
        "test_a_replayed_answer_is_refused",
    ],
    "S11 the pass": [
        "test_a_second_reveal_shows_no_second_pass",
        "test_a_one_time_pass_works_once_and_gives_ten_minutes",
        "test_the_passcode_stands_nowhere_but_in_the_answer",
        "test_v37_logs_keep_no_query_and_no_secret",
    ],
    "S12 the passkey ceremony": [
        "test_a_registration_with_wrong_client_data_is_refused",
        "test_a_registration_with_wrong_flags_is_refused",
        "test_a_registration_for_another_relying_party_is_refused",
        "test_a_challenge_belongs_to_the_browser_that_asked",
        "test_a_challenge_is_spent_even_when_the_answer_is_refused",
        "test_a_credential_id_that_is_on_file_is_refused_for_everybody",
    ],
    "S13 guessing a request": ["test_s13_a_guessed_address_answers_404_json"],
    "S14 one encryption key for two requests": ["test_s14_every_request_has_its_own_encryption_key_and_nonce"],
    "S15 markup, pictures and bombs in claims": [
        "test_markup_in_strangers_text_is_only_text",
        "test_s15_no_portrait_but_a_sound_jpeg_reaches_the_eye",
    ],
    "S16 open redirect": ["test_s16_a_same_device_return_is_a_path_of_ours", "test_s16_a_redirect_stays_on_this_site"],
    "S17 one token for another": [
        "test_s17_another_kind_of_token_by_the_same_issuer",
        "test_s17_no_message_passes_for_another_kind",
    ],
    "S18 a callback endpoint": ["test_s18_there_is_no_callback_to_forge"],
    "S19 the relay": [
        "test_the_relay_drill",
        "test_a_victim_who_follows_every_code_gets_the_pass_and_the_attacker_gets_none",
    ],
}

IN_THE_SUITE = {
    "issuer": (
        "tests/flow/test_provider_official_suite.py",
        [
            "HappyFlow", "FailOnInvalidNonce", "FailOnMissingProof", "FailOnInvalidJwtProofSignature",
            "FailOnUnknownCredentialConfigurationId", "FailOnUnknownCredentialIdentifier",
            "FailOnUnsupportedEncryptionAlgorithm", "FailOnRequestWithAccessTokenInQuery",
            "FailOnInvalidKeyAttestationSignature", "BatchIssuance", "MetadataTest",
        ],
    ),
    "verifier": (
        "tests/unit/idv/verifier/test_official_suite.py",
        [
            "HappyFlow", "MinimalCnfJwk", "InvalidCredentialSignature", "InvalidKbJwtSignature", "InvalidKbJwtNonce",
            "InvalidKbJwtAud", "InvalidSdHash", "KbJwtIatInPast", "KbJwtIatInFuture", "RequestUriFetchedTwice",
            "RequestUriMethodPost",
        ],
    ),
}  # fmt: skip


@cache
def _names() -> frozenset[str]:
    found = (re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))
    return frozenset(name for names in found for name in names)


@pytest.mark.parametrize("threat", ANSWERED_BY)
def test_every_threat_is_answered_by_a_test_of_that_name(threat: str) -> None:
    missing = [name for name in ANSWERED_BY[threat] if name not in _names()]
    assert not missing


def test_the_list_is_whole() -> None:
    numbers = [f"{kind}{n}" for kind, last in (("I", 14), ("V", 9), ("S", 19)) for n in range(1, last + 1)]
    assert [threat.split()[0] for threat in ANSWERED_BY] == numbers


@pytest.mark.parametrize("role", IN_THE_SUITE)
def test_every_module_of_the_official_suite_has_its_test(role: str) -> None:
    path, modules = IN_THE_SUITE[role]
    text = (TESTS.parent / path).read_text(encoding="utf-8")
    own = [f"test_{re.sub('(?<=.)(?=[A-Z])', '_', module).lower()}" for module in modules]
    missing = [
        module
        for module, name in zip(modules, own, strict=True)
        if f"def {name}(" not in text and f'"{module}"' not in text
    ]
    assert not missing


def test_s18_there_is_no_callback_to_forge() -> None:
    """Providers answer by a code on the browser and a result that the portal fetches; nothing of theirs is posted."""

    def patterns(resolver: URLResolver, prefix: str = "") -> list[str]:
        found = []
        for entry in resolver.url_patterns:
            route = prefix + str(entry.pattern)
            found += [route] if isinstance(entry, URLPattern) else patterns(entry, route)
        return found

    assert not [
        route for route in patterns(get_resolver("recovery_portal.urls")) if re.search("callback|webhook", route)
    ]
