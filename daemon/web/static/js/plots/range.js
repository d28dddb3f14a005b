/** The range of a vertical axis: it grows at once and shrinks only when it has been too wide for long. */

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];
const PATIENCE_MS = 4000;

/** Return the next round number that is at least `value`. */
export function round(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * STEPS.find((step) => step * power >= value * 0.9999);
}

export class Range {
  constructor(least) {
    this.least = least;
    this.low = 0;
    this.high = 0;
    this.since = 0;
  }

  /** Take note of what is to be seen; true where the range has changed. */
  fit(smallest, largest) {
    const low = smallest < 0 ? -round(-smallest) : 0;
    const high = Math.max(largest > 0 ? round(largest) : 0, low + this.least);
    if (low < this.low || high > this.high) return this.#take(Math.min(low, this.low), Math.max(high, this.high));
    if (high - low > 0.7 * (this.high - this.low)) this.since = performance.now();
    else if (performance.now() - this.since > PATIENCE_MS) return this.#take(low, high);
    return false;
  }

  #take(low, high) {
    this.since = performance.now();
    if (low === this.low && high === this.high) return false;
    this.low = low;
    this.high = high;
    return true;
  }
}
