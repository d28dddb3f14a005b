/** Smallest and largest value per bucket of each series, in rings of fixed size. */

const CAPACITY = 2048;
const MASK = CAPACITY - 1;

export class Curves {
  #places = new Map();
  low = [];
  high = [];
  bucket = 0;
  /** Indices of the oldest and of the newest bucket, both held. */
  first = 0;
  last = -1;

  /** Begin anew with these series. */
  begin(names) {
    this.#places = new Map(names.map((name, place) => [name, place]));
    this.low = names.map(() => new Float32Array(CAPACITY).fill(NaN));
    this.high = names.map(() => new Float32Array(CAPACITY).fill(NaN));
    this.first = 0;
    this.last = -1;
  }

  place(name) {
    return this.#places.get(name) ?? -1;
  }

  /** Where a bucket is in the arrays. */
  slot(index) {
    return index & MASK;
  }

  /** Take in a frame; one of another bucket size counts only when it is whole. */
  take(frame) {
    if (frame.whole) this.#clear(frame);
    else if (frame.bucket_s !== this.bucket) return false;
    const { low, high } = frame.array;
    const skip = Math.max(0, frame.count - CAPACITY);
    const begin = frame.first + skip;
    const end = frame.first + frame.count;
    if (!low || end <= begin) return true;
    if (this.last < this.first) [this.first, this.last] = [begin, begin - 1];
    this.#forget(this.last + 1, begin);
    for (let series = 0; series < this.low.length; series += 1) {
      const from = series * frame.count + skip;
      this.#copy(this.low[series], low, from, begin, end);
      this.#copy(this.high[series], high, from, begin, end);
    }
    this.last = Math.max(this.last, end - 1);
    this.first = Math.max(Math.min(this.first, begin), this.last - CAPACITY + 1);
    return true;
  }

  #copy(ring, values, from, begin, end) {
    for (let index = begin, at = from; index < end; index += 1, at += 1) ring[index & MASK] = values[at];
  }

  /** Buckets that were left out hold nothing. */
  #forget(begin, end) {
    for (let index = Math.max(begin, end - CAPACITY); index < end; index += 1) {
      for (const ring of this.low) ring[index & MASK] = NaN;
      for (const ring of this.high) ring[index & MASK] = NaN;
    }
  }

  #clear(frame) {
    this.bucket = frame.bucket_s;
    for (const ring of this.low) ring.fill(NaN);
    for (const ring of this.high) ring.fill(NaN);
    this.first = 0;
    this.last = -1;
  }

  /** Return the indices of the buckets between two times, as [from, to]. */
  from(start) {
    return Math.max(this.first, Math.floor(start / this.bucket) - 1);
  }

  to(end) {
    return Math.min(this.last, Math.ceil(end / this.bucket) + 1);
  }

  /** Return the bucket at a time, or -1. */
  at(time) {
    const index = Math.floor(time / this.bucket);
    return index >= this.first && index <= this.last ? index : -1;
  }

  /** Return the middle of a series in a bucket; NaN where there is none. */
  middle(place, index) {
    if (place < 0 || index < 0) return NaN;
    return (this.low[place][index & MASK] + this.high[place][index & MASK]) / 2;
  }
}
