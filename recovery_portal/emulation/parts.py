"""Which eye and which reader run: the real ones, or the scripted ones that do what their input says."""

from typing import Final, Literal

from django.conf import settings

from recovery_portal.kit.adapters import is_scripted

from . import state

_NAME: Final = "parts"
_FACE: Final = "face"
_READER: Final = "reader"
_OF_SETTING: Final = {"FACE_ENGINE": _FACE, "LIVENESS_ENGINE": _FACE, "DOCUMENT_READER": _READER}
SETTINGS: Final = tuple(_OF_SETTING)
_SCRIPTED: Final = {
    "FACE_ENGINE": "idv.face.scripted.ScriptedFaceEngine",
    "LIVENESS_ENGINE": "idv.face.scripted.ScriptedLivenessEngine",
    "DOCUMENT_READER": "idv.provider.document.scripted.ScriptedDocumentReader",
}
_REAL: Final = {
    "FACE_ENGINE": "idv.face.dlib_engine.DlibFaceEngine",
    "LIVENESS_ENGINE": "idv.face.mesh_liveness.MeshLivenessEngine",
    "DOCUMENT_READER": "idv.provider.document.reader.OcrDocumentReader",
}


def chosen(setting: str, configured: str) -> str:
    """The hook of ``kit.adapters.load``: the dotted path to use instead of the configured one."""
    choice = current().get(_OF_SETTING.get(setting, ""))
    if choice is None or (choice == "scripted") == is_scripted(configured):
        return configured
    return _SCRIPTED[setting] if choice == "scripted" else _REAL[setting]


def current() -> dict[str, str]:
    """What was chosen: ``face`` and ``reader``, each absent while the configured part runs."""
    return dict(state.read(_NAME) or {})


def choose(*, face: str | None, reader: str | None) -> None:
    wanted = {_FACE: face, _READER: reader}
    state.write(_NAME, current() | {part: choice for part, choice in wanted.items() if choice})


def kind_of(dotted: str) -> Literal["real", "scripted"]:
    return "scripted" if is_scripted(dotted) else "real"


def any_scripted() -> bool:
    """Whether some part decides by what is written in its input, by choice or by configuration."""
    return any(is_scripted(chosen(name, getattr(settings, name))) for name in SETTINGS)


def reset() -> None:
    state.forget(_NAME)
