// When the shutter goes by itself: the person had time to read, has moved since the last photo, and keeps still.
const READING_MS = 1400;
const STILL_LOOKS = 3;

export class Patience {
  constructor() {
    this.begin({ isFirst: true });
  }

  begin({ isFirst = false, isBurst = false } = {}) {
    this.since = performance.now();
    this.still = 0;
    this.isFirst = isFirst;
    this.isBurst = isBurst;
    this.hasMoved = false;
  }

  // Whether now is the moment, given one look.
  isOver({ steady, moved, advice }) {
    this.hasMoved ||= moved;
    this.still = steady && advice === "good" ? this.still + 1 : 0;
    if (performance.now() - this.since < READING_MS) return false;
    if (this.isBurst) return true; // eyes close and open while the burst runs
    return this.still >= STILL_LOOKS && (this.isFirst || this.hasMoved);
  }
}
