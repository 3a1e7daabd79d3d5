"""Which test answers which known attack on a verifier and its session; a test that is renamed away is missed here.

The numbers are those of the list of negative tests that the verifier was built from: V for what a trusted but faulty
issuer or a hostile holder can send, S for the session around it.
"""

import re
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

TESTS = Path(__file__).parents[1]
ANSWERED_BY = {
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
        "test_a_pass_is_reached_only_through_provider_presentation_face_and_match",
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


@cache
def _names() -> frozenset[str]:
    found = (re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))
    return frozenset(name for names in found for name in names)


@pytest.mark.parametrize("threat", ANSWERED_BY)
def test_every_threat_is_answered_by_a_test_of_that_name(threat: str) -> None:
    missing = [name for name in ANSWERED_BY[threat] if name not in _names()]
    assert not missing


def test_the_list_is_whole() -> None:
    numbers = [f"V{n}" for n in range(1, 10)] + [f"S{n}" for n in range(1, 20)]
    assert [threat.split()[0] for threat in ANSWERED_BY] == numbers


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
