"""The words of a scenario: its steps, what can be done instead, happen, or be wrong, and how it ends (pure)."""

from __future__ import annotations

import difflib
from typing import Any, Final

_LONGEST: Final = 60
STEPS: Final = (
    "start",
    "arrive",
    "details",
    "document",
    "selfie",
    "receive",
    "return",
    "join",
    "present",
    "face",
    "number",
    "reveal",
    "sign_in",
    "passkey",
)
"""In this order. ``join`` is left out on one device, ``number`` where no number is asked for."""

INSTEAD: Final[dict[str, tuple[str, ...]]] = {
    "start": ("find_no_entry", "withhold_consent", "cancel"),
    "arrive": ("decline", "use_the_code_twice"),
    "details": ("refuse_biometrics", "cancel"),
    "document": ("send_no_photo", "send_a_broken_photo"),
    "selfie": ("leave_photos_out", "move_the_camera"),
    "receive": ("enter_a_wrong_code", "redeem_twice"),
    "return": ("cancel",),
    "join": ("decline", "use_the_code_twice", "let_a_stranger_join_first"),
    "present": (
        "refuse",
        "replay",
        "tamper",
        "sign_for_another_nonce",
        "sign_for_another_audience",
        "sign_with_another_key",
        "leave_a_claim_out",
        "show_an_older_credential",
        "answer_on_another_device",
        "carry_it_to_another_browser",
        "find_the_request_gone",
    ),
    "face": ("cancel", "leave_photos_out", "send_photos_twice", "move_the_camera"),
    "number": ("choose_a_wrong_number", "choose_none"),
    "reveal": ("ask_on_the_other_device", "ask_twice", "cancel"),
    "sign_in": ("enter_a_wrong_pass", "use_the_pass_twice", "look_elsewhere_first", "find_the_pass_gone"),
    "passkey": ("without_user_verification", "for_another_site", "replay_the_registration"),
}
FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "document": ("glare", "blur", "cut", "check_digit", "printed_name", "expired"),
    "face": ("printed", "dark", "hidden", "still"),
}
OUTCOMES: Final = (
    "none",
    "started",
    "atProvider",
    "awaitingPresentation",
    "presented",
    "awaitingNumber",
    "matched",
    "passIssued",
    "signedIn",
    "completed",
    "evaluated",
    "refused",
    "mismatched",
    "unavailable",
    "expired",
    "cancelled",
)

ACTIONS: Final[dict[str, str]] = {
    "clock": "seconds, minutes, hours or days to move on, like {minutes: 31}",
    "network": "what breaks, like {provider: off} or {status_list: 900} (milliseconds) or {provider: 25%}",
    "mend": "true: nothing is broken any more",
    "person": "changed fields of the directory user, like {surname: Baker}",
    "profile": "changed fields of the recovery profile",
    "tap_policy": "changed fields of the Temporary Access Pass policy",
    "owner": "`disown`: the owner follows the link in the letter and stops it",
    "operator": "`cancel`, `block`, `lift_the_block`, `uphold` or `overrule`, on the pages of the console",
    "another_start": "true: the same person begins once more, in another browser",
    "namesake": "true: somebody of the same names joins the directory",
}

WORDS_OF: Final[dict[str, tuple[str, ...]]] = {
    "owner": ("disown",),
    "operator": ("cancel", "block", "lift_the_block", "uphold", "overrule"),
}
"""The actions that are about one of a few words."""


class ScenarioInvalid(ValueError):
    """A scenario that cannot be run; the message is one sentence, with the nearest valid choice."""


def nearest(word: str, choices: Any) -> str:
    """A sentence that helps: `` Did you mean …?`` or what there is."""
    listed = [str(choice) for choice in choices]
    close = difflib.get_close_matches(str(word), listed, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" There is: {', '.join(listed)}." if len(listed) <= 20 else ""


def check_one_of(word: object, choices: Any, where: str) -> None:
    if word not in choices:
        raise ScenarioInvalid(f"{where} cannot be {_shortened(word)}.{nearest(str(word)[:_LONGEST], choices)}")


def _shortened(word: object) -> str:
    text = repr(word)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
