"""A camera for Chromium that films a synthetic person: a canvas whose picture follows the instruction on the page."""

import base64
import json
from collections.abc import Mapping

from playwright.sync_api import BrowserContext

from recovery_portal.demo import people

# Each frame is drawn a little elsewhere, as a hand that holds a phone does, so that no two photos are the same bytes.
_SCRIPT = """
(() => {
  const scenes = %s;
  const pictures = {};
  const load = (url) => new Promise((done) => { const i = new Image(); i.onload = () => done(i); i.src = url; });
  const wanted = () => document.querySelector(".capture__instruction")?.dataset.now || "frontal";
  let since = performance.now();
  let shown = "";
  const draw = (canvas) => {
    const key = wanted();
    if (key !== shown) { shown = key; since = performance.now(); }
    const scene = scenes[key] ?? scenes.frontal;
    // A person needs a moment to read, moves, and then keeps still; in a blink the eyes close and open again.
    const beat = Math.floor((performance.now() - since) / 700);
    const picture = pictures[scene[scene.length === 1 ? 0 : beat %% scene.length]];
    if (!picture) return;
    const pen = canvas.getContext("2d");
    const height = canvas.height;
    const width = (picture.width * height) / picture.height;
    const tremble = Math.random() * 0.6;
    pen.fillStyle = "#777";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, (canvas.width - width) / 2 + tremble, tremble, width, height);
  };
  const film = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    for (const url of new Set(Object.values(scenes).flat())) pictures[url] ??= await load(url);
    draw(canvas);
    setInterval(() => draw(canvas), 66);
    return canvas.captureStream(15);
  };
  navigator.mediaDevices.getUserMedia = film;
})();
"""


def _url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


Scenes = Mapping[str, list[bytes]]


def person(name: str) -> Scenes:
    """Somebody who does what the page says."""
    of = {key: [people.jpeg(name, key)] for key in ("frontal", "turn_left", "turn_right", "look_up", "closer")}
    blink = [people.jpeg(name, "blink_1"), people.jpeg(name, "blink_2")]
    return of | {"blink": blink, "camera_left": of["turn_right"], "camera_right": of["turn_left"]}


def film(context: BrowserContext, scenes: Scenes) -> None:
    """Give every page that ``context`` opens from now on a camera that sees ``scenes``. The last one given counts."""
    seen = {key: [_url(jpeg) for jpeg in jpegs] for key, jpegs in scenes.items()}
    context.add_init_script(_SCRIPT % json.dumps(seen))
