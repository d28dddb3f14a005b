/** From EMG sample to moment: a histogram of the last minute. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { byId, Field, make } from "../dom.js";
import { DASH } from "../format.js";
import { EDGE } from "../plots/plot.js";
import { enrol, invalidate } from "../scheduler.js";
import { explain } from "../unheard.js";
import { onTheme, palette } from "../theme.js";

const HEIGHT = 150;
const milliseconds = (value) => (value === null || value === undefined ? DASH : `${value.toFixed(2)} ms`);

export function startLatency(desk) {
  const facts = make("dl", { class: "facts" });
  const fields = ["p50", "p99", "max"].map((name) => {
    const node = make("dd", { class: "fresh", data: { field: name }, text: DASH });
    facts.append(make("div", {}, make("dt", { text: name }), node));
    return [name, new Field(node, milliseconds)];
  });
  const host = make("div", { class: "plot", role: "img", "aria-label": "Histogram of the latency" });
  const why = make("p", { class: "why" });
  host.append(why);
  byId("latency").append(facts, host);
  const histogram = new Histogram(host);
  desk.bus.on("latency", (frame) => {
    for (const [name, field] of fields) field.set(frame[name] ?? null);
    histogram.take(frame);
  });
  explain(desk, why, (unknown) => (histogram.hasSome ? "" : unknown || "No moment with a time of its EMG has come yet."));
  onTheme(() => invalidate(histogram));
}

class Histogram {
  constructor(host) {
    this.host = host;
    this.frame = { edges_ms: [0, 1], counts: [0] };
    this.u = null;
    enrol(host, this);
    new ResizeObserver(() => this.u?.setSize({ width: host.clientWidth, height: HEIGHT })).observe(host);
  }

  take(frame) {
    this.frame = frame;
    invalidate(this);
  }

  get hasSome() {
    return this.frame.counts.some((count) => count > 0);
  }

  draw() {
    if (!this.host.clientWidth) return;
    this.u ??= this.#make();
    const { edges_ms: edges, counts } = this.frame;
    let last = counts.length - 1;
    while (last > 0 && counts[last] === 0) last -= 1;
    const end = Math.max(edges[Math.min(last + 1, edges.length - 1)], (this.frame.p99 ?? 0) * 1.2, 1);
    this.u.batch(() => {
      this.u.setScale("x", { min: 0, max: Number.isFinite(end) ? end : edges[last] * 1.1 });
      this.u.setScale("y", { min: 0, max: Math.max(1, ...counts) });
    });
  }

  #make() {
    const axis = { font: "11px system-ui", stroke: () => palette.faint, ticks: { show: false }, grid: { stroke: () => palette.grid, width: 1 } };
    return new uPlot({
      width: this.host.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, auto: false }, y: { auto: false } },
      padding: [6, EDGE, 0, 0],
      series: [{}, { fill: () => palette.predicted, points: { show: false }, paths: (u) => this.#bars(u) }],
      axes: [{ ...axis, size: 24, values: (_, splits) => splits.map((value) => `${+value.toFixed(3)} ms`) }, { ...axis, size: 44, space: 30 }],
    }, [[0, 1], [0, 0]], this.host);
  }

  #bars(u) {
    const { edges_ms: edges, counts } = this.frame;
    const path = new Path2D();
    const zero = u.valToPos(0, "y", true);
    for (let bin = 0; bin < counts.length; bin += 1) {
      if (!counts[bin]) continue;
      const left = u.valToPos(edges[bin], "x", true);
      const right = u.valToPos(Number.isFinite(edges[bin + 1]) ? edges[bin + 1] : u.scales.x.max, "x", true);
      const top = u.valToPos(counts[bin], "y", true);
      path.rect(left, top, Math.max(1, right - left - 1), zero - top);
    }
    return { stroke: null, fill: path, clip: null, flags: 0 };
  }
}
