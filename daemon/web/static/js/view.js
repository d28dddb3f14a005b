/** Which stretch of time is shown: it follows the stream, or stands still. Times on the LSL clock, s. */

export const SHORTEST_S = 1;
export const LONGEST_S = 1800;
/** About as many buckets as a plot has pixels across. */
const MOST_BUCKETS = 900;

export class View {
  #listeners = [];
  seconds = 30;
  /** Where the window ends while it stands still; null while it follows. */
  frozenAt = null;
  newest = 0;
  /** When the session began, and whether curves of an earlier one stand before it. */
  origin = 0;
  hasEarlier = false;
  buckets = [0.02];

  onChange(run) {
    this.#listeners.push(run);
  }

  get follows() {
    return this.frozenAt === null;
  }

  /** Up to when there is something to be seen in the window. */
  get reached() {
    return this.frozenAt ?? this.newest;
  }

  /** Where the window ends; that of a session younger than the window begins with the session. */
  get end() {
    return this.#within(this.reached);
  }

  #within(end) {
    return this.hasEarlier || end <= this.origin ? end : Math.max(end, this.origin + this.seconds);
  }

  get start() {
    return this.end - this.seconds;
  }

  /** What to ask the server for. */
  get request() {
    const enough = this.buckets.find((size) => this.seconds / size <= MOST_BUCKETS);
    const bucket = enough ?? this.buckets[this.buckets.length - 1];
    return { bucket_s: bucket, seconds: this.seconds, end: this.frozenAt };
  }

  follow() {
    this.#change(this.seconds, null);
  }

  freeze() {
    if (this.follows) this.#change(this.seconds, this.newest);
  }

  toggle() {
    if (this.follows) this.freeze();
    else this.follow();
  }

  /** Show so many seconds, up to the same end. */
  last(seconds) {
    this.#change(seconds, this.frozenAt);
  }

  /** Show the time between two moments, standing still. */
  between(start, end) {
    this.#change(end - start, end);
  }

  /** Go on by a share of the window; forward of the newest, it follows again. */
  pan(share) {
    const end = this.reached + share * this.seconds;
    this.#change(this.seconds, end >= this.newest ? null : end);
  }

  /** Make the window longer or shorter around a moment. */
  scale(factor, around = this.reached) {
    const seconds = within(this.seconds * factor);
    const end = around + (this.reached - around) * (seconds / this.seconds);
    this.#change(seconds, this.follows && around >= this.newest ? null : end);
  }

  #change(seconds, end) {
    this.seconds = within(seconds);
    this.frozenAt = end === null ? null : Math.min(this.#within(Math.max(end, this.newest - LONGEST_S + this.seconds)), this.newest);
    for (const run of this.#listeners) run(this);
  }
}

const within = (seconds) => Math.min(Math.max(seconds, SHORTEST_S), LONGEST_S);
