// What can be told from a small copy of the camera's picture: light, glare, sharpness, movement, and, where the browser
// has a face detector, whether a face is in the oval; of a document, whether its edges are in the picture and the lines of
// its machine-readable zone are sharp. A word of help and a shutter's patience, never a gate.
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
const EDGE_REACH = 0.3; // how far from the picture's border a document's edge is looked for
const EDGE_STEP = 14; // of 255, across two pixels
const EDGE_JUMP = 2; // pixels that a straight edge moves between two rows
const EDGE_SHARE = 0.55; // of the rows along one side
const FINE_SIDE = 640; // pixels; a character of the zone is then a dozen wide
const ZONE_HEIGHT = 0.45; // of the picture, from below
const INK = 22; // of 255: a stroke against paper, sharp enough to read
const STRIP = 64; // pixels wide
const STRIP_STROKES = 5; // of five or six characters in it
const STRIP_ROWS = 3;
const ZONE_SHARE = 0.6; // of the strips: a page does not fill the picture

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

  // ``wanted``: what the photo shall show besides being sharp; ``edges`` of a document, ``lines`` of its zone.
  async look(wanted = {}) {
    const canvas = this.camera.picture(SIDE);
    const grey = greyOf(canvas);
    const { light, edges, glare } = measure(grey);
    const change = this.before?.length === grey.length ? difference(grey, this.before) : Infinity;
    const moved = this.atShot?.length === grey.length ? difference(grey, this.atShot) : Infinity;
    this.before = grey;
    const face = await this.face(canvas);
    return {
      black: light < BLACK,
      advice: this.aboutDocuments(wanted, advise({ light, edges, glare }, face, canvas), grey, canvas),
      steady: change < STILL,
      moved: moved > OTHER,
    };
  }

  aboutDocuments({ edges, lines }, advice, grey, canvas) {
    if (!["good", "nobody", "far", "aside"].includes(advice)) return advice;
    if (edges && !hasEdges(grey, canvas)) return "edges";
    if (lines && !hasLines(this.camera.picture(FINE_SIDE))) return "lines";
    return advice;
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

// Whether at least three sides show a straight edge: the strongest step of each row lies near that of the row before.
function hasEdges(grey, { width, height }) {
  const sides = [
    [height, width, (along, depth) => along * width + depth],
    [height, width, (along, depth) => along * width + width - 1 - depth],
    [width, height, (along, depth) => depth * width + along],
    [width, height, (along, depth) => (height - 1 - depth) * width + along],
  ];
  return sides.filter((side) => isStraight(grey, ...side)).length >= 3;
}

function isStraight(grey, length, depth, at) {
  const [from, to, reach] = [Math.round(length * 0.25), Math.round(length * 0.75), Math.round(depth * EDGE_REACH)];
  let [before, straight] = [-1, 0];
  for (let along = from; along < to; along += 1) {
    let [best, where] = [EDGE_STEP, -1];
    for (let deep = 1; deep < reach; deep += 1) {
      const step = Math.abs(grey[at(along, deep + 1)] - grey[at(along, deep - 1)]);
      if (step > best) [best, where] = [step, deep];
    }
    if (where >= 0 && before >= 0 && Math.abs(where - before) <= EDGE_JUMP) straight += 1;
    before = where;
  }
  return straight >= EDGE_SHARE * (to - from);
}

// Whether, in most upright strips near the bottom, some rows of pixels change between ink and paper as often as letters of
// a zone do. Strips, because the lines may run aslant.
function hasLines(canvas) {
  const [width, from] = [canvas.width, Math.round(canvas.height * (1 - ZONE_HEIGHT))];
  const { data } = canvas.getContext("2d").getImageData(0, from, width, canvas.height - from);
  const rows = new Array(Math.floor(width / STRIP)).fill(0);
  for (let row = 0; row < data.length; row += 4 * width) {
    for (let strip = 0; strip < rows.length; strip += 1) {
      const start = row + 4 * STRIP * strip + 1;
      if (strokes(data, start, start + 4 * STRIP) >= STRIP_STROKES) rows[strip] += 1;
    }
  }
  return rows.filter((count) => count >= STRIP_ROWS).length >= ZONE_SHARE * rows.length;
}

function strokes(data, start, end) {
  let [count, low, high, isInk] = [0, 255, 0, false];
  for (let i = start; i < end; i += 4) {
    low = Math.min(low, data[i]);
    high = Math.max(high, data[i]);
    if (!isInk && high - data[i] > INK) [count, isInk, low] = [count + 1, true, data[i]];
    else if (isInk && data[i] - low > INK) [isInk, high] = [false, data[i]];
  }
  return count;
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
