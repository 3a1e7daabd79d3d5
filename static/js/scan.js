// Shows the wallet what the camera sees, picture by picture, until a code is found; then goes where it leads.
import { Camera } from "./capture/camera.js";

const LONG_SIDE = 1024; // pixels; a code that fills a quarter of that can be read
const PAUSE_MS = 600;
const PATIENCE_MS = 120000; // a camera that was forgotten must not keep the wallet awake

class Scan {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.part = (name) => form.querySelector(`[data-scan-${name}]`);
    this.stage = form.querySelector(".capture__stage");
    this.camera = new Camera(form.querySelector("video"), "environment");
    this.part("begin").hidden = false;
    this.part("files").open = Boolean(form.querySelector("[role=alert]"));
    this.part("open").addEventListener("click", () => this.open());
    this.part("stop").addEventListener("click", () => this.stop(""));
    this.part("other").addEventListener("click", () => { this.camera.turnRound(); this.open(); });
    addEventListener("pagehide", () => this.camera.close());
  }

  async open() {
    this.turn = (this.turn ?? 0) + 1;
    try {
      await this.camera.open(() => this.stop(this.words.wordsLost));
    } catch (error) {
      this.stop(error.name === "NotFoundError" ? this.words.wordsMissing : this.words.wordsDenied);
      this.part("files").open = true;
      return;
    }
    this.show(true);
    this.part("other").hidden = !(await this.camera.hasAnother());
    this.say(this.words.wordsLooking);
    this.look(this.turn, Date.now() + PATIENCE_MS);
  }

  async look(turn, until) {
    while (turn === this.turn && this.camera.stream) {
      if (Date.now() > until) {
        this.stop(this.words.wordsTired);
        return;
      }
      if (this.camera.isReady && await this.ask()) return;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async ask() {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    body.append("photo", await this.camera.photo(LONG_SIDE, "code.jpg"));
    let answer;
    try {
      answer = await fetch(this.form.action, {
        method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "manual",
      });
    } catch {
      this.say(this.words.wordsUnreachable);
      return false;
    }
    if (answer.type === "opaqueredirect" || answer.status === 403) {
      window.location.reload(); // the wallet has locked itself
      return true;
    }
    const { next, message } = await answer.json();
    if (!next) {
      this.say(message || this.words.wordsLooking);
      return false;
    }
    this.stop(this.words.wordsFound);
    window.location.assign(next);
    return true;
  }

  say(words) {
    const says = this.part("says");
    says.hidden = !words;
    if (says.textContent !== words) says.textContent = words;
  }

  show(isOpen) {
    this.stage.hidden = !isOpen;
    this.part("controls").hidden = !isOpen;
    this.part("begin").hidden = isOpen;
  }

  stop(words) {
    this.turn += 1;
    this.camera.close();
    this.show(false);
    this.say(words);
  }
}

const form = document.querySelector("[data-scan]");
if (form && Camera.isPossible) new Scan(form);
