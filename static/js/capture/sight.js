// What can be told from a small copy of the camera's picture: light, glare, sharpness, movement, and, where the browser
// has a face detector, whether a face is in the oval. A word of help and a shutter's patience, never a gate.
const SIDE = 160; // pixels; a look takes about a millisecond
const DARK = 50;
const BLACK = 6;
const BRIGHT = 225;
const GLARE_SHARE = 0.06; // of pixels that are as white as can be
const FLAT_EDGES = 1.2;
const CHANGED = 20; // of 255: more than noise does to a pixel
const STILL = 0.03; // share of changed pixels between two looks of somebody who keeps still
const OTHER = 0.03; // share of changed pixels since the last photo when a head has turned; measured 0.05 and more
const NEAR_ENOUGH = 0.22; // width of the face as a share of the picture's

export class Sight {
  constructor(camera) {
    this.camera = camera;
    this.before = null;
    this.atShot = null;
    this.detector = "FaceDetector" in globalThis ? new globalThis.FaceDetector({ maxDetectedFaces: 2, fastMode: true }) : null;
  }

  // To be told later whether somebody has moved since.
  remember() {
    this.atShot = this.before;
  }

  forget() {
    this.before = this.atShot = null;
  }

  async look() {
    const canvas = this.camera.picture(SIDE);
    const grey = greyOf(canvas);
    const { light, edges, glare } = measure(grey);
    const change = this.before?.length === grey.length ? difference(grey, this.before) : Infinity;
    const moved = this.atShot?.length === grey.length ? difference(grey, this.atShot) : Infinity;
    this.before = grey;
    const face = await this.face(canvas);
    return {
      black: light < BLACK,
      advice: advise({ light, edges, glare }, face, canvas),
      steady: change < STILL,
      moved: moved > OTHER,
    };
  }

  // null: the browser cannot tell.
  async face(canvas) {
    if (!this.detector) return null;
    try {
      return (await this.detector.detect(canvas)).map((found) => found.boundingBox);
    } catch {
      this.detector = null; // a browser that names the detector and has none
      return null;
    }
  }
}

function greyOf(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(data.length / 4);
  for (let i = 0; i < grey.length; i += 1) grey[i] = data[4 * i + 1];
  return grey;
}

function measure(grey) {
  let light = 0;
  let edges = 0;
  let white = 0;
  for (let i = 0; i < grey.length; i += 1) {
    light += grey[i];
    if (grey[i] > 250) white += 1;
    if (i) edges += Math.abs(grey[i] - grey[i - 1]);
  }
  return { light: light / grey.length, edges: edges / grey.length, glare: white / grey.length };
}

function difference(one, other) {
  let changed = 0;
  for (let i = 0; i < one.length; i += 1) if (Math.abs(one[i] - other[i]) > CHANGED) changed += 1;
  return changed / one.length;
}

function advise({ light, edges, glare }, faces, canvas) {
  if (light < DARK) return "dark";
  if (light > BRIGHT) return "bright";
  if (edges < FLAT_EDGES) return "blurred";
  if (faces) {
    if (!faces.length) return "nobody";
    if (faces.length > 1) return "crowd";
    const [face] = faces;
    if (face.width < NEAR_ENOUGH * canvas.width) return "far";
    const middle = [(face.x + face.width / 2) / canvas.width, (face.y + face.height / 2) / canvas.height];
    if (Math.hypot(middle[0] - 0.5, middle[1] - 0.5) > 0.2) return "aside";
  }
  return glare > GLARE_SHARE ? "glare" : "good";
}
