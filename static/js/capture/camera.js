// The camera itself: open, change, look at, let go. Knows nothing about steps or forms.
const JPEG_QUALITY = 0.92;

export class Camera {
  constructor(video, facing) {
    this.video = video;
    this.facing = facing;
    this.stream = null;
  }

  static get isPossible() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  get isReady() {
    return Boolean(this.stream?.active && this.video.videoWidth);
  }

  // Rejects with the browser's own error: NotAllowedError, NotFoundError, NotReadableError.
  async open(lost) {
    this.close();
    this.stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: this.facing, width: { ideal: 1920 }, height: { ideal: 1080 } },
      audio: false,
    });
    for (const track of this.stream.getTracks()) track.addEventListener("ended", lost);
    this.video.srcObject = this.stream;
    // A mirror is what people expect of themselves; what is stored is never mirrored.
    this.video.classList.toggle("capture__video--mirrored", this.facing === "user");
    await this.video.play();
  }

  async hasAnother() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput").length > 1;
  }

  turnRound() {
    this.facing = this.facing === "user" ? "environment" : "user";
  }

  picture(longSide) {
    const { videoWidth: width, videoHeight: height } = this.video;
    const scale = Math.min(1, longSide / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d", { willReadFrequently: longSide <= 640 }).drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  photo(longSide, name) {
    return new Promise((done, failed) => {
      this.picture(longSide).toBlob(
        (blob) => (blob ? done(new File([blob], name, { type: "image/jpeg" })) : failed(new Error("no picture"))),
        "image/jpeg",
        JPEG_QUALITY,
      );
    });
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }
}
