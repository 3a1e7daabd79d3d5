"""Which calibration an engine uses: its own, or the one that ``manage.py calibrate_faces`` made here."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from idv.face.engines import Calibration

__all__ = ["Calibration", "as_json", "installed"]


def installed(engine: str, own: Calibration) -> Calibration:
    """The calibration in the file that ``FACE_CALIBRATION_FILE`` names, when it was made for ``engine``; else ``own``.

    Raises ImproperlyConfigured when the file cannot be used: a silent fallback would change what a score means.
    """
    file_name = getattr(settings, "FACE_CALIBRATION_FILE", "")
    if not file_name:
        return own
    try:
        made = json.loads(Path(file_name).read_text())
        found = made["calibration"]
        if made["engine"] != engine:
            return own
        anchors = tuple((int(confidence), float(rate)) for confidence, rate in found["anchors"])
        return Calibration(found["name"], found["version"], float(found["slope"]), float(found["midpoint"]), anchors)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(f"FACE_CALIBRATION_FILE {file_name}: {error!r}") from error


def as_json(calibration: Calibration) -> dict[str, Any]:
    return {
        "name": calibration.name,
        "version": calibration.version,
        "slope": round(calibration.slope, 4),
        "midpoint": round(calibration.midpoint, 4),
        "anchors": [list(anchor) for anchor in calibration.anchors],
    }
