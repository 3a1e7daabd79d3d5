// The camera beside a plain form of file fields: each photo taken is put into the field of its step, so that the form
// that is sent is the same with and without a camera.
const LONG_SIDE = 1920; // pixels; enough for a document's small print, small enough for a slow line
const JPEG_QUALITY = 0.92;

class Capture {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.stage = root.querySelector(".capture__stage");
    this.video = root.querySelector("video");
    this.instruction = root.querySelector(".capture__instruction");
    this.coach = root.querySelector(".capture__coach");
    this.controls = root.querySelector(".capture__controls");
    this.begin = root.querySelector(".capture__begin");
    this.files = root.querySelector(".capture__files");
    this.steps = [...root.querySelectorAll("[data-step]")];
    this.submit = this.form?.querySelector("button[type=submit], button:not([type])");
    this.position = 0;
    for (const step of this.steps) step.querySelector("input").addEventListener("change", () => this.show(step));
    if (!navigator.mediaDevices?.getUserMedia) return;
    this.begin.hidden = false;
    this.files.open = false;
    // A required field inside a closed <details> cannot show why the form does not go.
    this.submit?.addEventListener("click", () => { this.files.open ||= !this.form.checkValidity(); });
    root.querySelector("[data-open-camera]").addEventListener("click", () => this.open());
    root.querySelector("[data-shutter]").addEventListener("click", () => this.take());
    root.querySelector("[data-again]").addEventListener("click", () => this.restart());
    addEventListener("pagehide", () => this.close());
  }

  async open() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: this.root.dataset.facing, width: { ideal: 1920 }, height: { ideal: 1080 } },
        audio: false,
      });
    } catch (error) {
      this.fallBack(error.name === "NotFoundError" ? this.root.dataset.wordsMissing : this.root.dataset.wordsDenied);
      return;
    }
    for (const track of this.stream.getTracks()) track.addEventListener("ended", () => this.fallBack(this.root.dataset.wordsLost));
    this.video.srcObject = this.stream;
    this.video.classList.toggle("capture__video--mirrored", this.root.dataset.facing === "user");
    await this.video.play();
    this.stage.hidden = this.controls.hidden = this.instruction.hidden = this.coach.hidden = false;
    this.begin.hidden = true;
    this.restart();
    this.watch();
  }

  restart() {
    this.position = 0;
    for (const step of this.steps) {
      step.querySelector("input").value = "";
      step.querySelector("img").hidden = true;
    }
    this.prompt();
  }

  prompt() {
    const step = this.steps[this.position];
    this.controls.querySelector("[data-shutter]").hidden = !step;
    this.instruction.textContent = step ? step.dataset.instruction : this.root.dataset.wordsTaken;
    if (step) return;
    this.coach.textContent = "";
    this.files.open = true; // the photos taken can be looked at before they are sent
    this.submit?.focus();
  }

  frame(longSide) {
    const { videoWidth: width, videoHeight: height } = this.video;
    const scale = Math.min(1, longSide / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  take() {
    const step = this.steps[this.position];
    if (!step || !this.video.videoWidth) return;
    this.frame(LONG_SIDE).toBlob((blob) => {
      const carrier = new DataTransfer();
      carrier.items.add(new File([blob], `${step.dataset.step}.jpg`, { type: "image/jpeg" }));
      step.querySelector("input").files = carrier.files;
      this.show(step);
      navigator.vibrate?.(40);
      this.position += 1;
      this.prompt();
    }, "image/jpeg", JPEG_QUALITY);
  }

  show(step) {
    const [file] = step.querySelector("input").files;
    const thumb = step.querySelector("img");
    URL.revokeObjectURL(thumb.src);
    thumb.hidden = !file || !file.type.startsWith("image/");
    if (!thumb.hidden) thumb.src = URL.createObjectURL(file);
  }

  // Light and sharpness of a small copy, twice a second: a word of help, never a gate.
  watch() {
    if (!this.stream?.active) return;
    if (this.steps[this.position] && this.video.videoWidth) {
      const canvas = this.frame(160);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let light = 0;
      let edges = 0;
      for (let i = 0; i < data.length; i += 4) {
        light += data[i + 1];
        if (i >= 4) edges += Math.abs(data[i + 1] - data[i - 3]);
      }
      const pixels = data.length / 4;
      light /= pixels;
      edges /= pixels;
      const words = this.root.dataset;
      const advice = light < 50 ? words.wordsDark : light > 225 ? words.wordsBright : edges < 1.2 ? words.wordsBlurred : words.wordsGood;
      if (this.coach.textContent !== advice) this.coach.textContent = advice;
    }
    setTimeout(() => this.watch(), 500);
  }

  fallBack(words) {
    this.close();
    this.stage.hidden = this.controls.hidden = this.instruction.hidden = true;
    this.begin.hidden = false;
    this.coach.hidden = false;
    this.coach.textContent = words;
    this.files.open = true;
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }
}

export function enhanceCapture(root) {
  return new Capture(root);
}
