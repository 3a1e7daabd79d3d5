"""What can be wrong with photos of a face, and the plain sentence that says what to do. One table for both houses."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recovery_portal.kit.errors import DomainError

SENTENCES: Final[dict[str, Promise]] = {
    # The photo itself
    "no_face": _(
        "We could not see a face in one of the photos. Hold the camera at eye level, with your whole face in view."
    ),
    "two_faces": _("There is more than one face in the photo. Make sure that you are alone in the picture."),
    "too_small": _("Your face is too small in the photo. Come closer to the camera."),
    "too_dark": _("The photo is too dark. Turn towards a window or switch on a light."),
    "blurred": _("The photo is blurred. Hold the camera still and wait until the picture is sharp."),
    # The movement that was asked for
    "frames_missing": _("Some photos are missing. Please take all of them again."),
    "not_frontal": _("Look straight into the camera for the first photo."),
    "turn_too_small": _("Turn your head a little further to the side when you are asked to."),
    "turn_too_large": _("Turn your head a little less, so that both of your eyes stay visible."),
    "turned_other_way": _("Your head was turned the other way. Follow the left and right in the instructions."),
    "lift_too_small": _("Lift your chin a little higher when you are asked to look up."),
    "eyes_not_closed": _("Close both eyes for a whole second when you are asked to, while the photos are taken."),
    "eyes_not_opened": _("Open your eyes for the first photo, and open them again after you have closed them."),
    "not_closer": _("Come closer to the camera when you are asked to: your face should look clearly larger."),
    # What no better photo will mend
    "frames_repeated": _("The same photo was used more than once. Take each photo with the camera."),
    "flat_picture": _("This looks like a picture of a picture. Only a live photo of yourself can be used."),
    "other_person": _("The photos do not seem to show the same person."),
    # Our own trouble
    "engine_unavailable": _("Photos cannot be checked at the moment. Please try again later."),
}
_GENERAL: Final = _("The photos could not be used. Please take them again.")

REFUSAL_CODES: Final = frozenset({"frames_repeated", "flat_picture", "other_person", "engine_unavailable"})
RETRY_CODES: Final = frozenset(SENTENCES) - REFUSAL_CODES
"""Codes that a better photo mends: the step is taken again and nothing is held against the person."""


def sentence(code: str) -> Promise:
    """What to tell the person about a stored reason code."""
    return SENTENCES.get(code, _GENERAL)


class FaceUnusable(DomainError):
    """A photo from which nothing can be measured. Never a statement about who is in it."""

    @property
    def sentence(self) -> Promise:
        return sentence(self.code)


class EngineUnavailable(FaceUnusable):
    """The engine or its models are not installed properly: for the operator, not the person, to mend."""

    def __init__(self, reason: str) -> None:
        super().__init__("engine_unavailable", reason)
