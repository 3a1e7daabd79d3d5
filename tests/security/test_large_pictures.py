"""A small file that unfolds to gigabytes, and many people who send one at once (V27)."""

import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from recovery_portal.kit import images

ROOT = Path(__file__).resolve().parents[2]
# Uploads one picture three times at once and prints by how many MB the process grew.
MEASURE = """
import resource, sys, threading
from pathlib import Path
from recovery_portal.kit import images
data = Path(sys.argv[1]).read_bytes()
images.accept(Path(sys.argv[2]).read_bytes())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
people = [threading.Thread(target=images.accept, args=[data]) for _ in range(3)]
for person in people: person.start()
for person in people: person.join()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_people_who_send_the_largest_picture_at_once_do_not_fill_the_memory(tmp_path: Path) -> None:
    """One such picture took 800 MB, and every thread of a web process could open one."""
    largest, small = tmp_path / "largest.png", tmp_path / "small.jpg"
    Image.new("RGBA", (7000, 7000), (10, 200, 30, 128)).save(largest)
    Image.new("RGB", (640, 480)).save(small)
    assert largest.stat().st_size < 300_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(largest), str(small)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 1100


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "P", "1"])
def test_large_pictures_of_every_kind_keep_shape_and_colour(mode: str) -> None:
    out = io.BytesIO()
    picture = Image.new(mode, (6000, 3000), 1 if mode in {"P", "1"} else None)
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    picture.save(out, "JPEG" if mode == "CMYK" else "PNG", exif=exif)
    accepted = images.accept(out.getvalue())
    assert (accepted.width, accepted.height) == (1280, 2560)


def test_a_picture_that_is_refused_lets_the_next_one_in() -> None:
    for _ in range(5):
        with pytest.raises(images.ImageRefused):
            images.accept(b"\xff\xd8\xff and nothing else")
    done = threading.Thread(target=lambda: images.accept(_jpeg()), daemon=True)
    done.start()
    done.join(20)
    assert not done.is_alive()


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200)).save(out, "JPEG")
    return out.getvalue()
