"""The later steps: presentation, Face Check, number, pass, signing in; and what can be done instead of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .pages import NotOnThisPage
from .wallet import Answer, WalletRefused

if TYPE_CHECKING:
    from .scenario_run import Stage
    from .visitor import Visitor


# --- Presentation


def _heard(stage: Stage, answer: Answer) -> None:
    stage.answer = answer.status
    if answer.continue_at:
        stage.acting.follow_link(answer.continue_at)
    elif answer.status != 200:
        _look_again(stage.acting)


def _look_again(visitor: Visitor) -> None:
    """What the waiting page finds out by itself, if there is anything."""
    if visitor.page.follow_address:
        visitor.walker.look_again()


def _present(stage: Stage) -> None:
    _heard(stage, stage.wallet.present(stage.acting))


def _present_refused(stage: Stage) -> None:
    _heard(stage, stage.wallet.refuse(stage.acting))


def _present_replayed(stage: Stage) -> None:
    first = stage.wallet.present(stage.acting)
    stage.answer = stage.wallet.replay().status
    stage.acting.follow_link(first.continue_at)


def _present_tampered(stage: Stage) -> None:
    _heard(stage, stage.wallet.tamper(stage.acting, lastName="Somebody"))


def _other_nonce(stage: Stage) -> None:
    _heard(stage, stage.wallet.present(stage.acting, nonce="a-nonce-of-another-request"))


def _other_audience(stage: Stage) -> None:
    _heard(stage, stage.wallet.present(stage.acting, audience="x509_hash:another-verifier"))


def _other_key(stage: Stage) -> None:
    from idv.credentials import keys

    _heard(stage, stage.wallet.present(stage.acting, key=keys.generate()))


def _claim_left_out(stage: Stage) -> None:
    _heard(stage, stage.wallet.present(stage.acting, leave_out=["portrait"]))


def _older_credential(stage: Stage) -> None:
    """Of an earlier recovery of the same person; made in browsers of its own."""
    desk, phone = stage.open_browser(_BEFORE), stage.open_browser(_BEFORE)
    desk.start_recovery(stage.desk.account)
    phone.scan(desk).join().prove_identity(as_=stage.before_the_provider(), with_=stage.paper())
    older = phone.receive_into(stage.wallet)
    _heard(stage, stage.wallet.present(stage.acting, older))


_BEFORE = "Mozilla/5.0 (Windows NT 10.0) Firefox/139"


def _request_gone(stage: Stage) -> None:
    try:
        stage.wallet.present(stage.acting)
    except WalletRefused:
        _look_again(stage.acting)
        return
    raise WalletRefused("A request that is over is still to be had.")


def _on_another_device(stage: Stage) -> None:
    """The request that the desktop shows is answered by a wallet elsewhere: the Face Check is at the desktop."""
    stage.answer = stage.wallet.present(stage.desk.request_for_another_device).status
    stage.desk.wait_for("Face Check")


def _to_another_browser(stage: Stage) -> None:
    """The request is answered here, and the way back opened where nobody asked."""
    answer = stage.wallet.present(stage.acting)
    stage.answer = answer.status
    elsewhere = stage.open_browser(_BEFORE).follow_link(answer.continue_at)
    if elsewhere.heading == "Face Check":
        raise NotOnThisPage("A way back was taken in a browser that did not ask.")
    _look_again(stage.acting)


# --- Face Check, number, pass


def _cancel(stage: Stage) -> None:
    stage.acting.cancel()


def _at_the_camera(stage: Stage) -> Visitor:
    across = stage.scenario.instead.get("present") == "answer_on_another_device"
    return stage.desk if across else stage.acting


def _face(stage: Stage) -> None:
    for number in range(max(1, len(stage.scenario.face_check))):
        _at_the_camera(stage).check_face(stage.before_the_portal(number))


def _face_by_camera(stage: Stage) -> None:
    stage.acting.move_the_camera_instead()
    _face(stage)


def _face_left_out(stage: Stage) -> None:
    stage.acting.press("Submit photos")


def _face_twice(stage: Stage) -> None:
    """The same photos once more, by the form of a page that was kept."""
    kept = stage.acting.page
    stage.acting.check_face(stage.before_the_portal())
    stage.acting.walker.send_again(kept)


def _number(stage: Stage) -> None:
    stage.desk.wait(lambda page: page.heading.startswith("Choose this number"))
    stage.acting.choose_number(stage.desk.number_shown)


def _wrong_number(stage: Stage) -> None:
    stage.desk.wait(lambda page: page.heading.startswith("Choose this number"))
    right = str(stage.desk.number_shown)
    wrong = next(button.text for button in stage.acting.page.buttons if button.text.isdigit() and button.text != right)
    stage.acting.choose_number(wrong)


def _no_number(stage: Stage) -> None:
    stage.acting.choose_number("")


def _reveal(stage: Stage) -> None:
    shows = stage.desk if stage.profile.fields.get("reveal") == "startingBrowser" else _at_the_camera(stage)
    stage.passcode = shows.reveal_pass()
    stage.acting.passcode = stage.passcode


def _reveal_elsewhere(stage: Stage) -> None:
    """The relay: who began, and did not show their face, asks for the pass."""
    _look_again(stage.desk)
    if stage.desk.page.find_button("Show my Temporary Access Pass") or stage.desk.page.by_id("passcode"):
        raise NotOnThisPage("The pass is offered on a device that did not do the Face Check.")


def _reveal_twice(stage: Stage) -> None:
    kept = stage.acting.page
    _reveal(stage)
    stage.acting.walker.send_again(kept)
    if stage.acting.page.by_id("passcode"):
        raise NotOnThisPage("The pass is shown a second time.")


# --- Signing in


def _sign_in(stage: Stage) -> None:
    shows = stage.acting if stage.acting.page.find_link("Sign in") else stage.desk
    shows.sign_in_with_pass(stage.passcode)


def _wrong_pass(stage: Stage) -> None:
    stage.acting.sign_in_with_pass("not-the-pass")


def _pass_twice(stage: Stage) -> None:
    _sign_in(stage)
    second = stage.open_browser(_BEFORE).name_account().other_ways()
    if second.page.find_link("Temporary Access Pass"):
        second.sign_in_with_pass(stage.passcode)
    if second.heading == "Security info":
        raise NotOnThisPage("A pass that was used signs in a second browser.")


def _pass_gone(stage: Stage) -> None:
    """The way by the pass is no longer offered."""
    stage.acting.click("Sign in")
    if stage.acting.heading == "Enter Temporary Access Pass":
        raise NotOnThisPage("A pass that is over is still asked for.")


def _look_elsewhere(stage: Stage) -> None:
    """Signed in by a pass, nothing is reachable but the registration."""
    _sign_in(stage)
    stage.acting.open_portal()


def _signed_in(stage: Stage) -> Visitor:
    return stage.acting if stage.acting.page.find_link("Add sign-in method") else stage.desk


def _passkey(stage: Stage) -> None:
    _signed_in(stage).register_passkey(stage.passkey)


def _passkey_unverified(stage: Stage) -> None:
    stage.passkey.user_verified = False
    _passkey(stage)


def _passkey_elsewhere(stage: Stage) -> None:
    stage.passkey.origin = "https://phishing.example"
    _passkey(stage)


def _passkey_replayed(stage: Stage) -> None:
    """The answer to one challenge, sent for the next."""
    visitor = _signed_in(stage).click("Add sign-in method").click("Passkey")
    visitor.walker.make_passkey(stage.passkey, "First")
    visitor.open_portal().click("Security info").click("Add sign-in method").click("Passkey")
    visitor.walker.make_passkey(_Parrot(stage.houses.portal, stage.passkey.answers[0]), "Second")


class _Parrot:
    def __init__(self, origin: str, answer: str) -> None:
        self.origin, self.answer = origin, answer

    def create(self, options: object) -> str:
        return self.answer

    get = create


WAYS: dict[tuple[str, str], Callable[[Stage], None]] = {
    ("present", ""): _present,
    ("present", "refuse"): _present_refused,
    ("present", "replay"): _present_replayed,
    ("present", "tamper"): _present_tampered,
    ("present", "sign_for_another_nonce"): _other_nonce,
    ("present", "sign_for_another_audience"): _other_audience,
    ("present", "sign_with_another_key"): _other_key,
    ("present", "leave_a_claim_out"): _claim_left_out,
    ("present", "show_an_older_credential"): _older_credential,
    ("present", "answer_on_another_device"): _on_another_device,
    ("present", "carry_it_to_another_browser"): _to_another_browser,
    ("present", "find_the_request_gone"): _request_gone,
    ("face", ""): _face,
    ("face", "cancel"): _cancel,
    ("face", "leave_photos_out"): _face_left_out,
    ("face", "send_photos_twice"): _face_twice,
    ("face", "move_the_camera"): _face_by_camera,
    ("number", ""): _number,
    ("number", "choose_a_wrong_number"): _wrong_number,
    ("number", "choose_none"): _no_number,
    ("reveal", ""): _reveal,
    ("reveal", "ask_on_the_other_device"): _reveal_elsewhere,
    ("reveal", "ask_twice"): _reveal_twice,
    ("reveal", "cancel"): _cancel,
    ("sign_in", ""): _sign_in,
    ("sign_in", "enter_a_wrong_pass"): _wrong_pass,
    ("sign_in", "use_the_pass_twice"): _pass_twice,
    ("sign_in", "look_elsewhere_first"): _look_elsewhere,
    ("sign_in", "find_the_pass_gone"): _pass_gone,
    ("passkey", ""): _passkey,
    ("passkey", "without_user_verification"): _passkey_unverified,
    ("passkey", "for_another_site"): _passkey_elsewhere,
    ("passkey", "replay_the_registration"): _passkey_replayed,
}
