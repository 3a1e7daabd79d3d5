"""The steps of a journey up to the credential, and everything that can be done instead of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .pages import NotOnThisPage
from .scenario_steps_portal import WAYS as LATER_WAYS
from .wallet import WalletRefused

if TYPE_CHECKING:
    from .scenario_run import Stage

_BROKEN_JPEG = b"\xff\xd8\xff" + bytes(100)
_NAMES_TRIED = 60


def take(stage: Stage, step: str, instead: str) -> None:
    """Raises NotOnThisPage, StillWaiting or another AssertionError when the page does not let it be done."""
    WAYS[(step, instead)](stage)


def seen(stage: Stage, step: str) -> str:
    """The heading that whoever took the step reads now."""
    return (stage.desk if step in {"start", "return"} else stage.acting).heading


# --- Sign-in and information


def _start(stage: Stage) -> None:
    if stage.scenario.person.unknown:
        stage.desk.account = _name_of_nobody(stage)
        return
    stage.desk.start_recovery()


def _name_of_nobody(stage: Stage) -> str:
    """A name that the directory does not know, and that is shown the entry as about half of such names are."""
    for number in range(_NAMES_TRIED):
        name = f"nobody{number}@contoso.example"
        if stage.desk.name_account(name).other_ways().may_recover:
            stage.desk.ask_for_recovery().agree()
            if stage.desk.house == "provider":
                return name
    raise NotOnThisPage(f"Of {_NAMES_TRIED} names none was shown the way to recovery.")


def _find_no_entry(stage: Stage) -> None:
    stage.desk.name_account().other_ways()
    if stage.desk.may_recover:
        raise NotOnThisPage("The way to recovery is shown to somebody who may not go it.")


def _withhold_consent(stage: Stage) -> None:
    stage.desk.name_account().other_ways().ask_for_recovery().agree(biometrics=False)


def _cancel_at_start(stage: Stage) -> None:
    stage.desk.name_account().other_ways().ask_for_recovery().click("Cancel")


# --- Devices


def _arrive(stage: Stage) -> None:
    if stage.acting is stage.desk:
        stage.desk.continue_here()
    else:
        stage.phone.scan(stage.desk).join()


def _decline(stage: Stage) -> None:
    stage.phone.scan(stage.desk).decline()


def _code_twice(stage: Stage) -> None:
    code = stage.desk.qr
    stage.phone.scan(code).join()
    stage.open_browser("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile").scan(code)
    second = stage.open_browser("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile").scan(code)
    if second.page.find_button("Continue"):
        raise NotOnThisPage("A code that was used lets a second phone in.")


def _stranger_joins(stage: Stage) -> None:
    """Somebody else photographs the code off the screen and is quicker."""
    code = stage.desk.qr
    stage.open_browser("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile").scan(code).join()
    stage.phone.scan(code)


def _join(stage: Stage) -> None:
    stage.phone.scan(stage.desk).join()


# --- The provider


def _details(stage: Stage) -> None:
    stage.acting.give_details()


def _refuse_biometrics(stage: Stage) -> None:
    stage.acting.press("Go on without a face comparison")


def _document(stage: Stage) -> None:
    stage.acting.choose_document(stage.paper()).photograph(stage.paper())


def _no_photo(stage: Stage) -> None:
    stage.acting.choose_document(stage.paper()).press("Submit photos")


def _broken_photo(stage: Stage) -> None:
    stage.acting.choose_document(stage.paper()).press("Submit photos", {"frame_front": _BROKEN_JPEG})


def _selfie(stage: Stage) -> None:
    for number in range(max(1, len(stage.scenario.selfies))):
        stage.acting.take_selfies(stage.before_the_provider(number))
    # Whether a document could be read turns out now; the selfies are kept.
    for number in range(1, len(stage.scenario.documents)):
        stage.acting.photograph(stage.paper(number))


def _selfie_by_camera(stage: Stage) -> None:
    stage.acting.move_the_camera_instead()
    _selfie(stage)


def _selfie_left_out(stage: Stage) -> None:
    stage.acting.press("Submit photos")


def _receive(stage: Stage) -> None:
    stage.acting.receive_into(stage.wallet)


def _wrong_code(stage: Stage) -> None:
    stage.acting.press("Add Verifiable Credential")
    offer = stage.acting.offer
    try:
        stage.wallet.receive(offer, tx_code="000000" if offer.tx_code != "000000" else "111111")
    except WalletRefused:
        return
    raise WalletRefused("A wrong transaction code was taken.")


def _redeem_twice(stage: Stage) -> None:
    stage.acting.press("Add Verifiable Credential")
    offer = stage.acting.offer
    stage.wallet.receive(offer)
    try:
        stage.wallet.receive(offer)
    except WalletRefused:
        stage.acting.wait(lambda page: page.heading != "Open your wallet")
        return
    raise WalletRefused("An offer was redeemed twice.")


def _return(stage: Stage) -> None:
    stage.desk.return_to_portal()


def _cancel_acting(stage: Stage) -> None:
    stage.acting.cancel()


def _cancel_desk(stage: Stage) -> None:
    stage.desk.return_to_portal().cancel()


WAYS: dict[tuple[str, str], Callable[[Stage], None]] = {
    ("start", ""): _start,
    ("start", "find_no_entry"): _find_no_entry,
    ("start", "withhold_consent"): _withhold_consent,
    ("start", "cancel"): _cancel_at_start,
    ("arrive", ""): _arrive,
    ("arrive", "decline"): _decline,
    ("arrive", "use_the_code_twice"): _code_twice,
    ("details", ""): _details,
    ("details", "refuse_biometrics"): _refuse_biometrics,
    ("details", "cancel"): _cancel_acting,
    ("document", ""): _document,
    ("document", "send_no_photo"): _no_photo,
    ("document", "send_a_broken_photo"): _broken_photo,
    ("selfie", ""): _selfie,
    ("selfie", "leave_photos_out"): _selfie_left_out,
    ("selfie", "move_the_camera"): _selfie_by_camera,
    ("receive", ""): _receive,
    ("receive", "enter_a_wrong_code"): _wrong_code,
    ("receive", "redeem_twice"): _redeem_twice,
    ("return", ""): _return,
    ("return", "cancel"): _cancel_desk,
    ("join", ""): _join,
    ("join", "decline"): _decline,
    ("join", "use_the_code_twice"): _code_twice,
    ("join", "let_a_stranger_join_first"): _stranger_joins,
    **LATER_WAYS,
}
