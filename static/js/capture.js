// The camera beside a plain form of file fields: each photo taken is put into the field of its step, so that the form
// that is sent is the same with and without a camera.
import { Camera } from "./capture/camera.js";
import { Patience } from "./capture/shutter.js";
import { Sight } from "./capture/sight.js";
import { Voice } from "./capture/voice.js";

const LONG_SIDE = 1920; // pixels; enough for a document's small print, small enough for a slow line
const BURST_SIDE = 720; // a face, many times
const BURST_PAUSE_MS = 280; // eight photos take a little more than two seconds
const LOOK_EVERY_MS = 250;
const BLACK_LOOKS = 12;

class Capture {
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.form = root.closest("form");
    this.steps = [...root.querySelectorAll("[data-step]")];
    this.part = (name) => root.querySelector(`.capture__${name}`);
    this.submit = this.form?.querySelector("button[type=submit], button:not([type])");
    this.position = 0;
    this.isTaking = false;
    for (const step of this.steps) step.querySelector("input").addEventListener("change", () => this.show(step));
    if (!Camera.isPossible) return;
    this.camera = new Camera(root.querySelector("video"), this.words.facing);
    this.sight = new Sight(this.camera);
    this.voice = new Voice(root.querySelector("[data-speak]"));
    this.patience = new Patience();
    this.part("begin").hidden = false;
    this.part("files").open = false;
    // A required field inside a closed <details> cannot show why the form does not go.
    this.submit?.addEventListener("click", () => { this.part("files").open ||= !this.form.checkValidity(); });
    root.querySelector("[data-open-camera]").addEventListener("click", () => this.open());
    root.querySelector("[data-shutter]").addEventListener("click", () => this.take());
    root.querySelector("[data-again]").addEventListener("click", () => this.restart());
    root.querySelector("[data-other-camera]").addEventListener("click", () => { this.camera.turnRound(); this.open(); });
    addEventListener("pagehide", () => { this.camera.close(); this.voice.hush(); });
  }

  async open() {
    try {
      await this.camera.open(() => this.fallBack(this.words.wordsLost));
    } catch (error) {
      this.fallBack(error.name === "NotFoundError" ? this.words.wordsMissing : this.words.wordsDenied);
      return;
    }
    for (const name of ["stage", "controls", "instruction", "coach"]) this.part(name).hidden = false;
    this.root.querySelector("[data-other-camera]").hidden = !(await this.camera.hasAnother());
    this.part("begin").hidden = true;
    this.restart();
    if (!this.watching) this.watch();
  }

  restart() {
    this.position = 0;
    this.sight.forget();
    for (const step of this.steps) {
      step.querySelector("input").value = "";
      step.querySelector("img").hidden = true;
    }
    this.prompt();
  }

  get step() {
    return this.steps[this.position];
  }

  prompt() {
    const { step } = this;
    const instruction = this.part("instruction");
    this.root.querySelector("[data-shutter]").hidden = !step;
    instruction.dataset.now = step?.dataset.step ?? "";
    instruction.textContent = step ? step.dataset.instruction : this.words.wordsTaken;
    this.voice.say(instruction.textContent);
    this.patience.begin({ isFirst: this.position === 0, isBurst: this.photosOf(step) > 1 });
    if (step) return;
    this.part("coach").textContent = "";
    this.part("files").open = true; // the photos taken can be looked at before they are sent
    this.submit?.focus();
  }

  photosOf(step) {
    return Number(step?.dataset.photos ?? 1);
  }

  async take() {
    const { step } = this;
    if (!step || this.isTaking || !this.camera.isReady) return;
    this.isTaking = true;
    try {
      const carrier = new DataTransfer();
      for (const photo of await this.photos(step)) carrier.items.add(photo);
      if (this.step !== step) return; // "Start over" in the middle of a burst
      step.querySelector("input").files = carrier.files;
      this.show(step);
      this.voice.nudge();
      this.sight.remember();
      this.position += 1;
      this.prompt();
    } finally {
      this.isTaking = false;
    }
  }

  async photos(step) {
    const wanted = this.photosOf(step);
    const name = step.dataset.step;
    if (wanted === 1) return [await this.camera.photo(LONG_SIDE, `${name}.jpg`)];
    const photos = [];
    for (let number = 1; number <= wanted && this.camera.isReady; number += 1) {
      photos.push(await this.camera.photo(BURST_SIDE, `${name}_${number}.jpg`));
      await new Promise((done) => setTimeout(done, BURST_PAUSE_MS));
    }
    return photos;
  }

  show(step) {
    const [file] = step.querySelector("input").files;
    const thumb = step.querySelector("img");
    URL.revokeObjectURL(thumb.src);
    thumb.hidden = !file || !file.type.startsWith("image/");
    if (!thumb.hidden) thumb.src = URL.createObjectURL(file);
  }

  async watch() {
    this.watching = this.camera.isReady;
    if (!this.watching) return;
    if (this.step && !this.isTaking) {
      const seen = await this.sight.look({ edges: this.words.facing !== "user", lines: "zone" in this.step.dataset });
      this.black = seen.black ? (this.black ?? 0) + 1 : 0;
      if (this.black > BLACK_LOOKS) {
        this.fallBack(this.words.wordsBlack);
      } else {
        const advice = this.adviceFor(seen);
        this.coach(advice);
        const isAutomatic = this.root.querySelector("[data-automatic]")?.checked;
        if (this.patience.isOver({ ...seen, advice }) && isAutomatic) this.take();
      }
    }
    setTimeout(() => this.watch(), LOOK_EVERY_MS);
  }

  // Where a face is says nothing about a document, and nothing about a head that is asked to leave the oval.
  adviceFor({ advice }) {
    const aboutFaces = ["nobody", "crowd", "far", "aside"].includes(advice);
    return aboutFaces && (this.words.facing !== "user" || this.position > 0) ? "good" : advice;
  }

  coach(advice) {
    const words = this.words[`words${advice[0].toUpperCase()}${advice.slice(1)}`] ?? "";
    const coach = this.part("coach");
    if (coach.textContent === words) return;
    coach.textContent = words;
    if (advice !== "good") this.voice.say(words);
  }

  fallBack(words) {
    this.camera.close();
    for (const name of ["stage", "controls", "instruction"]) this.part(name).hidden = true;
    this.part("begin").hidden = false;
    this.part("coach").hidden = false;
    this.part("coach").textContent = words;
    this.part("files").open = true;
  }
}

export function enhanceCapture(root) {
  return new Capture(root);
}
