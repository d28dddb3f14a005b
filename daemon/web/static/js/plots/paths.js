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
    // More steps than pixels would cost time and show nothing.
    this.stride = Math.max(1, Math.floor(1 / this.perBucket));
  }

  x(index) {
    return this.left + index * this.perBucket;
  }

  y(value) {
    return this.bottom - value * this.perUnit;
  }
}

/** The smallest and largest value of some buckets in a row; one object for all draws, filled anew. */
const step = { index: 0, last: 0, low: NaN, high: NaN, center: 0 };

/** Call `use` with every step of what is shown that has values: a bucket, or as many as make a pixel. */
function eachStep(curves, scale, place, half, times, use) {
  const low = curves.low[place];
  const high = curves.high[place];
  const width = half < 0 ? null : curves.high[half];
  const from = curves.from(scale.start);
  const to = curves.to(scale.end);
  // Steps begin at multiples of their length, so that a curve which moves on keeps its shape.
  for (let index = from - (from % scale.stride); index <= to; index += scale.stride) {
    step.index = Math.max(index, from);
    step.last = Math.min(index + scale.stride - 1, to);
    step.low = Infinity;
    step.high = -Infinity;
    for (let bucket = step.index; bucket <= step.last; bucket += 1) {
      const slot = curves.slot(bucket);
      const margin = width ? times * width[slot] : 0;
      if (low[slot] - margin < step.low) step.low = low[slot] - margin;
      if (high[slot] + margin > step.high) step.high = high[slot] + margin;
    }
    step.center = index + (scale.stride - 1) / 2;
    if (step.low <= step.high) use(step);
  }
}

/** Return a builder that draws a series through the smallest and largest value of each step. */
export function line(curves, scale, placeOf) {
  return () => {
    const place = placeOf();
    if (place < 0) return EMPTY;
    const path = new Path2D();
    const bridged = BRIDGED_S / curves.bucket;
    let before = NaN;
    let drawn = -Infinity;
    eachStep(curves, scale, place, -1, 0, ({ index, last, low, high, center }) => {
      if (index - drawn > bridged + 1) before = NaN;
      const rising = !(Math.abs(high - before) < Math.abs(low - before));
      const x = scale.x(center);
      if (before === before) path.lineTo(x, scale.y(rising ? low : high));
      else path.moveTo(x - (scale.stride * scale.perBucket) / 2, scale.y(rising ? low : high));
      before = rising ? high : low;
      path.lineTo(x, scale.y(before));
      drawn = last;
    });
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
    let bottoms = [];
    let drawn = -Infinity;
    eachStep(curves, scale, place, half, times, ({ index, last, low, high, center }) => {
      const x = scale.x(center);
      if (index > drawn + 1) bottoms = close(path, bottoms);
      if (bottoms.length) path.lineTo(x, scale.y(high));
      else path.moveTo(x, scale.y(high));
      bottoms.push([x, scale.y(low)]);
      drawn = last;
    });
    close(path, bottoms);
    return { ...EMPTY, fill: path };
  };
}

/** End an outline along its lower side, back to where it began; return the lower side of the next. */
function close(path, bottoms) {
  for (const [x, y] of bottoms.reverse()) path.lineTo(x, y);
  if (bottoms.length) path.closePath();
  return [];
}

/** Return a builder that fills between a series and zero. */
export function area(curves, scale, placeOf) {
  return () => {
    const place = placeOf();
    if (place < 0) return EMPTY;
    const path = new Path2D();
    const width = Math.max(3 * devicePixelRatio, scale.stride * scale.perBucket);
    eachStep(curves, scale, place, -1, 0, ({ low, high, center }) => {
      const top = scale.y(Math.max(0, high));
      path.rect(scale.x(center) - width / 2, top, width, scale.y(Math.min(0, low)) - top);
    });
    return { ...EMPTY, fill: path };
  };
}
