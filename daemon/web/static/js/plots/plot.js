/** One plot over time: uPlot for axes, cursor and drag, its curves from the rings. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { clock } from "../format.js";
import { make } from "../dom.js";
import { dismiss, enrol, invalidate } from "../scheduler.js";
import { palette } from "../theme.js";
import { Range } from "./range.js";
import { area, band, line, Scale } from "./paths.js";

const STEPS_S = [0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
/** Room at the right for half of the last tick's label, px. */
export const EDGE = 22;
const FONT = "11px system-ui, sans-serif";
const BUILDERS = {
  line: (layer, plot) => line(plot.desk.curves, plot.scale, layer.place),
  area: (layer, plot) => area(plot.desk.curves, plot.scale, layer.place),
  band: (layer, plot) => band(plot.desk.curves, plot.scale, layer.place, layer.half, layer.times),
};

export class Plot {
  /**
   * desk: { view, curves, marks, origin } that all plots share.
   * options: { height, layers, least, fixed, timeAxis, valueAxis, why, onCursor, label }.
   */
  constructor(desk, options) {
    this.desk = desk;
    this.options = options;
    this.scale = new Scale();
    this.range = new Range(options.least ?? 1);
    this.why = make("p", { class: "why" });
    this.node = make("div", { class: "plot", role: "img", "aria-label": options.label }, this.why);
    this.x = [0, 1];
    this.u = null;
    this.limits = { min: 0, max: 1 };
    this.spread = { min: 0, max: 1 };
    enrol(this.node, this);
    this.resizer = new ResizeObserver(() => this.#resize());
    this.resizer.observe(this.node);
  }

  destroy() {
    this.resizer.disconnect();
    dismiss(this.node, this);
    this.u?.destroy();
  }

  draw() {
    const { view, curves } = this.desk;
    if (!this.node.clientWidth) return;
    if (!this.u) this.#make();
    this.#fit(view, curves);
    this.limits.min = view.start;
    this.limits.max = view.end;
    this.u.batch(() => {
      this.u.setScale("x", this.limits);
      this.u.setScale("y", this.spread);
    });
  }

  #fit(view, curves) {
    let low = Infinity;
    let high = -Infinity;
    for (const layer of this.options.layers) {
      const place = layer.place();
      if (place < 0) continue;
      const bottoms = curves.low[place];
      const tops = curves.high[place];
      const half = layer.half ? layer.half() : -1;
      for (let index = curves.from(view.start), to = curves.to(view.end); index <= to; index += 1) {
        const slot = curves.slot(index);
        const margin = half < 0 ? 0 : layer.times * (curves.high[half][slot] || 0);
        if (bottoms[slot] - margin < low) low = bottoms[slot] - margin;
        if (tops[slot] + margin > high) high = tops[slot] + margin;
      }
    }
    this.#explain(low <= high);
    const fixed = this.options.fixed;
    if (fixed) [this.spread.min, this.spread.max] = [fixed[0], Math.max(fixed[1], high > fixed[1] ? high : fixed[1])];
    else {
      this.range.fit(low <= high ? low : 0, low <= high ? high : 0);
      [this.spread.min, this.spread.max] = [this.range.low, this.range.high];
    }
  }

  #explain(isSomething) {
    const text = isSomething ? "" : this.options.why?.() ?? "";
    if (this.why.textContent !== text) this.why.textContent = text;
  }

  #resize() {
    if (this.u && this.node.clientWidth) this.u.setSize({ width: this.node.clientWidth, height: this.options.height });
    invalidate(this);
  }

  #make() {
    const { options } = this;
    const series = options.layers.map((layer) => ({
      scale: "y",
      stroke: layer.kind === "line" ? () => palette[layer.colour] : undefined,
      fill: layer.kind === "line" ? undefined : () => palette[layer.colour],
      width: layer.width ?? 1.5,
      dash: layer.dash,
      points: { show: false },
      paths: this.#paths(layer),
    }));
    this.u = new uPlot(
      {
        width: this.node.clientWidth,
        height: options.height,
        legend: { show: false },
        padding: [6, options.valueAxis === false ? 2 : EDGE, options.timeAxis ? 0 : 4, 0],
        cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: 6 }, sync: { key: "time" } },
        scales: { x: { time: false, auto: false }, y: { auto: false } },
        series: [{}, ...series],
        axes: [this.#timeAxis(), this.#valueAxis()],
        hooks: { setSelect: [(u) => this.#select(u)], setCursor: [(u) => this.#point(u)], draw: [(u) => this.#marks(u)] },
      },
      [this.x, ...options.layers.map(() => [0, 0])],
      this.node,
    );
    this.u.over.addEventListener("dblclick", () => this.desk.view.follow());
  }

  /** Return the builder of a layer; the first of each draw works out the scale. */
  #paths(layer) {
    const build = BUILDERS[layer.kind](layer, this);
    return (u) => {
      this.scale.set(u, this.desk.curves.bucket || 1);
      return build();
    };
  }

  #timeAxis() {
    const { desk } = this;
    return {
      show: true, size: this.options.timeAxis ? 22 : 0, font: FONT, gap: 2, stroke: () => palette.faint,
      grid: { stroke: () => palette.grid, width: 1 }, ticks: { show: false },
      splits: (u, axis, min, max) => timeSplits(min, max, u.width, desk.origin()),
      values: (u, splits) => (this.options.timeAxis ? splits.map((time) => clock(time - desk.origin(), this.#decimals(u))) : splits.map(() => "")),
    };
  }

  #decimals(u) {
    return stepOf(u.scales.x.max - u.scales.x.min, u.width) < 1 ? 1 : 0;
  }

  #valueAxis() {
    return {
      show: true, size: this.options.valueAxis === false ? 0 : 40, font: FONT, gap: 3, stroke: () => palette.faint,
      grid: { stroke: () => palette.grid, width: 1 }, ticks: { show: false }, space: 26,
      values: this.options.valueAxis === false ? (u, splits) => splits.map(() => "") : (u, splits) => splits.map((value) => String(+value.toPrecision(6)).replace("-", "−")),
    };
  }

  #select(u) {
    if (u.select.width < 6) return;
    const start = u.posToVal(u.select.left, "x");
    const end = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.desk.view.between(start, end);
  }

  #point(u) {
    if (!this.options.onCursor) return;
    const left = u.cursor.left;
    this.options.onCursor(left >= 0 ? u.posToVal(left, "x") : NaN);
  }

  /** Lines at the marks, and at zero where the values have both signs. */
  #marks(u) {
    const { ctx, bbox } = u;
    ctx.save();
    if (u.scales.y.min < 0 && u.scales.y.max > 0) {
      const zero = Math.round(u.valToPos(0, "y", true)) + 0.5;
      ctx.strokeStyle = palette.faint;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(bbox.left, zero);
      ctx.lineTo(bbox.left + bbox.width, zero);
      ctx.stroke();
    }
    ctx.strokeStyle = palette.mark;
    ctx.lineWidth = 1.5;
    ctx.setLineDash([4, 3]);
    for (const time of this.desk.marks) {
      if (time < u.scales.x.min || time > u.scales.x.max) continue;
      const x = u.valToPos(time, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

const stepOf = (seconds, width) => STEPS_S.find((step) => (seconds / step) * 64 <= width) ?? STEPS_S[STEPS_S.length - 1];

/** Return round times of the session's clock within a window. */
function timeSplits(min, max, width, origin) {
  const step = stepOf(max - min, width);
  const splits = [];
  for (let time = Math.ceil((min - origin) / step) * step; time <= max - origin; time += step) splits.push(origin + time);
  return splits;
}
