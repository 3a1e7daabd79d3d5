"""A process that does nothing but take in the photos of a capture and measure it, and then says how much it needed."""

import os
import sys
from pathlib import Path

import django


def main(folder: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from idv.face import capture, liveness
    from recovery_portal.kit import adapters, images

    taken = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.jpg"))}
    accepted = {name: images.accept(jpeg, max_side=liveness.PHOTO_SIDE).jpeg for name, jpeg in taken.items()}
    reference = accepted.pop("reference")
    challenge = [liveness.FRONTAL, *(key for key in accepted if key != liveness.FRONTAL)]
    for _ in range(3):
        found = capture.measure(
            reference=reference,
            frames=accepted,
            challenge=challenge,
            face_engine=adapters.load("FACE_ENGINE"),
            liveness_engine=adapters.load("LIVENESS_ENGINE"),
        )
        assert found.live, found
    print(_peak_kb() / 1024)


def _peak_kb() -> int:
    """The kernel's own mark: getrusage also counts what the process was forked from."""
    told = Path("/proc/self/status").read_text().split("VmHWM:", 1)[1]
    return int(told.split()[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
