/** Path builders: curves and bands straight from the rings, with gaps where there is nothing. */

/** A gap up to this long is no gap: what comes at 10 Hz leaves fine buckets empty, s. */
const BRIDGED_S = 0.12;

const EMPTY = { stroke: null, fill: null, clip: null, band: null, gaps: null, flags: 0 };

/** How time and value become pixels in one draw; one object per plot, filled anew. */
export class Scale {
  set(u, bucket) {
    const { min, max } = u.scales.x;
    const { min: floor, max: ceiling } = u.scales.y;
    const box = u.bbox;
    this.perBucket = (box.width / (max - min)) * bucket;
    this.left = box.left - (box.width / (max - min)) * min + this.perBucket / 2;
    this.perUnit = box.height / (ceiling - floor);
    this.bottom = box.top + box.height + this.perUnit * floor;
    this.start = min;
    this.end = max;
  }

  x(index) {
    return this.left + index * this.perBucket;
  }

  y(value) {
    return this.bottom - value * this.perUnit;
  }
}

/** Return a builder that draws a series through the smallest and largest value of each bucket. */
export function line(curves, scale, placeOf) {
  return () => {
    const place = placeOf();
    if (place < 0) return EMPTY;
    const low = curves.low[place];
    const high = curves.high[place];
    const path = new Path2D();
    const bridged = BRIDGED_S / curves.bucket;
    let before = NaN;
    let drawn = -Infinity;
    for (let index = curves.from(scale.start), to = curves.to(scale.end); index <= to; index += 1) {
      const slot = curves.slot(index);
      const bottom = low[slot];
      const top = high[slot];
      if (bottom !== bottom) continue;
      if (index - drawn > bridged + 1) before = NaN;
      const rising = !(Math.abs(top - before) < Math.abs(bottom - before));
      const nearer = rising ? bottom : top;
      const farther = rising ? top : bottom;
      const x = scale.x(index);
      if (before === before) path.lineTo(x, scale.y(nearer));
      else path.moveTo(x - scale.perBucket / 2, scale.y(nearer));
      path.lineTo(x, scale.y(farther));
      before = farther;
      drawn = index;
    }
    return { ...EMPTY, stroke: path };
  };
}

/** Return a builder that fills what lies within some half-widths of a series. */
export function band(curves, scale, placeOf, halfOf, times) {
  return () => {
    const place = placeOf();
    const half = halfOf();
    if (place < 0 || half < 0) return EMPTY;
    const path = new Path2D();
    const to = curves.to(scale.end);
    let begin = -1;
    for (let index = curves.from(scale.start); index <= to + 1; index += 1) {
      const isThere = index <= to && within(curves, place, half, curves.slot(index));
      if (isThere && begin < 0) begin = index;
      if (isThere || begin < 0) continue;
      outline(path, curves, scale, place, half, times, begin, index - 1);
      begin = -1;
    }
    return { ...EMPTY, fill: path };
  };
}

function within(curves, place, half, slot) {
  const sum = curves.low[place][slot] + curves.high[half][slot];
  return sum === sum;
}

function outline(path, curves, scale, place, half, times, begin, end) {
  const low = curves.low[place];
  const high = curves.high[place];
  const width = curves.high[half];
  for (let index = begin; index <= end; index += 1) {
    const slot = curves.slot(index);
    const y = scale.y(high[slot] + times * width[slot]);
    if (index === begin) path.moveTo(scale.x(index), y);
    else path.lineTo(scale.x(index), y);
  }
  for (let index = end; index >= begin; index -= 1) {
    const slot = curves.slot(index);
    path.lineTo(scale.x(index), scale.y(low[slot] - times * width[slot]));
  }
  path.closePath();
}

/** Return a builder that fills between a series and zero. */
export function area(curves, scale, placeOf) {
  return () => {
    const place = placeOf();
    if (place < 0) return EMPTY;
    const low = curves.low[place];
    const high = curves.high[place];
    const path = new Path2D();
    const width = Math.max(3 * devicePixelRatio, scale.perBucket);
    for (let index = curves.from(scale.start), to = curves.to(scale.end); index <= to; index += 1) {
      const slot = curves.slot(index);
      if (low[slot] !== low[slot]) continue;
      const top = scale.y(Math.max(0, high[slot]));
      path.rect(scale.x(index) - width / 2, top, width, scale.y(Math.min(0, low[slot])) - top);
    }
    return { ...EMPTY, fill: path };
  };
}
