"""Finding and reading lines of text: RapidOCR (PP-OCRv6), with the networks that lie inside its wheel."""

import functools
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from idv.provider.document import latin
from idv.provider.document.errors import DocumentUnreadable
from idv.provider.document.locate import Picture, Quad, shrunk

_DETECTOR: Final = "PP-OCRv6_det_small.onnx"
_RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"
# At 736 every line of a passport is found too, in twice the time; below 600 the boxes are too coarse for the zone's
# lines. What stands on a card is a quarter larger beside the whole, so that less shows it as large.
PAGE_SIDE: Final = 608
CARD_SIDE: Final = 512
# What the network takes a filler for: brackets of any script.
FILLER_LIKE: Final = "«‹＜《〈くㄑ≤{[(（［"
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Line:
    """Where a line of text stands."""

    quad: Quad

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.quad[3] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[1])) / 2

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.quad[1] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[3])) / 2

    @property
    def centre(self) -> tuple[float, float]:
        x, y = self.quad.mean(axis=0)
        return float(x), float(y)


@dataclass(frozen=True)
class Text:
    text: str
    score: float


@functools.cache
def _engine() -> Any:
    """Loaded on first use, once per process. Model files are named explicitly, so that nothing is ever downloaded."""
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise DocumentUnreadable("reader_unavailable", "rapidocr is not installed")
    models = Path(spec.origin).parent / "models"
    missing = [name for name in (_DETECTOR, _RECOGNISER) if not (models / name).is_file()]
    if missing:
        raise DocumentUnreadable("reader_unavailable", f"rapidocr came without {', '.join(missing)}")
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            # More threads are slower on two cores, and a prefork worker has a core to itself anyway.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Lines of every length come by: without an arena each run asks the system for its memory anew.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
            "Det.model_path": str(models / _DETECTOR),
            "Det.limit_type": "max",
            "Det.limit_side_len": PAGE_SIDE,
            "Rec.model_path": str(models / _RECOGNISER),
            # The width given here is a floor: at the library's 320 a three-letter word costs as much as a sentence.
            "Rec.rec_img_shape": [3, 48, 64],
            # In a batch every line is as wide as the widest, and costs as much; on a CPU a batch gains nothing.
            "Rec.rec_batch_num": 1,
        }
    )
    _keep_latin(engine._load_rec_model(), models / _RECOGNISER)
    return engine


def _keep_latin(recogniser: Any, model: Path) -> None:
    from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    network, characters = latin.cut_down(model, recogniser.postprocess_op.character, besides=FILLER_LIKE)
    recogniser.session.session = InferenceSession(network, options, providers=["CPUExecutionProvider"])
    recogniser.postprocess_op.character = characters


def find_lines(picture: Picture, side: int = PAGE_SIDE) -> list[Line]:
    """Lines of text from top to bottom, about 100 ms; ``picture`` is looked at with its longer side ``side`` pixels."""
    scale = min(1.0, side / max(picture.shape[:2]))
    small = shrunk(picture, scale)
    with _lock:
        found = _engine()(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), use_det=True, use_cls=False, use_rec=False)
    boxes = [] if found.boxes is None else found.boxes
    return sorted((Line(np.asarray(box, np.float32) / scale) for box in boxes), key=lambda line: line.centre[1])


def read(crops: Sequence[Picture]) -> list[Text]:
    """The text of each upright crop, 10-70 ms each by its length."""
    if not crops:
        return []
    with _lock:
        found = _engine().recognize_txt([cv2.cvtColor(crop, cv2.COLOR_RGB2BGR) for crop in crops])
    return [Text(text, float(score)) for text, score in zip(found.txts or (), found.scores or (), strict=True)]


def crop(picture: Picture, line: Line, *, margin: float = 0.08) -> Picture:
    """The line cut out upright, with ``margin`` (share of its height) around. Narrower ones lose double letters."""
    across, down = line.quad[1] - line.quad[0], line.quad[3] - line.quad[0]
    along = margin * line.height * across / max(float(np.linalg.norm(across)), 1.0)
    below = margin * line.height * down / max(float(np.linalg.norm(down)), 1.0)
    source = line.quad + np.array([-along - below, along - below, along + below, -along + below], np.float32)
    height = round(line.height * (1 + 2 * margin))
    width = round(line.width + 2 * margin * line.height)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    return cv2.warpPerspective(picture, matrix, (max(width, 8), max(height, 8)), borderMode=cv2.BORDER_REPLICATE)
