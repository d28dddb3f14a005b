/** Each update's verdict on a line of time, the error before and after it, and the set in force. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { byId, Field, make } from "../dom.js";
import { age, clock, DASH, digits, percent } from "../format.js";
import { EDGE } from "../plots/plot.js";
import { enrol, invalidate } from "../scheduler.js";
import { onTheme, palette } from "../theme.js";
import { explain } from "../unheard.js";
import { isAccepted, legendOf, verdictOf } from "../verdicts.js";

/** No more are kept: half an hour of an update every four seconds. */
const MOST = 450;
const HEIGHT = 112;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
/** The share of errors that the axis makes room for; before anything is learnt they are beyond it. */
const SHOWN = 0.9;
/** With more updates than this the line alone is clearer. */
const MOST_POINTS = 60;

export function startCalibrator(desk) {
  const panel = new Calibrator(desk);
  desk.bus.on("updates", (frame) => panel.take(frame));
  desk.bus.on("now", (now) => panel.age(now));
  desk.bus.on("status", () => panel.report(desk.status));
  onTheme(() => invalidate(panel));
}

/** Return the top of the axis: what errors are like once something has been learnt. */
function ceiling([, before, after]) {
  const errors = [...before, ...after].filter((error) => error !== null).sort((one, other) => one - other);
  const large = errors[Math.floor(SHOWN * (errors.length - 1))] ?? 1;
  return Math.max(0.05, Math.min(1.5 * large, 1.1 * (errors.at(-1) ?? 1)));
}

class Calibrator {
  constructor(desk) {
    this.desk = desk;
    this.updates = [];
    this.chosen = null;
    this.fields = {};
    this.facts = make("dl", { class: "facts" });
    this.#fact("version", "set in force", (value) => (value === null ? DASH : String(value)));
    this.#fact("age", "for", age);
    this.#fact("trusted", "shown to fit", (value) => value ?? DASH);
    this.#fact("accepted", "accepted, heard here", (value) => value ?? DASH);
    this.#fact("count", "tried in all", (value) => value ?? DASH);
    this.#fact("seconds", "takes", (value) => (value === null ? DASH : `${digits(value, 2)} s`));
    this.line = make("div", { class: "verdicts", role: "toolbar", "aria-label": "Verdicts, oldest first; arrow keys move", on: { keydown: (event) => this.#keys(event) } });
    this.sentence = make("p", { class: "verdict-sentence", "aria-live": "off" });
    this.sentenceField = new Field(this.sentence);
    this.why = make("p", { class: "why" });
    explain(desk, this.why, (unknown) => this.#emptiness(unknown));
    this.host = make("div", { class: "plot", role: "img", "aria-label": "Held-out error before and after each update" }, this.why);
    const legend = make("ul", { class: "legend" }, make("li", {}, make("span", { class: "key reference" }), "held-out error before"), make("li", {}, make("span", { class: "key" }), "after, as a share of the reference's variance"));
    byId("calibrator").append(this.facts, this.line, this.sentence, legend, this.host);
    this.data = [[], [], []];
    enrol(this.host, this);
    new ResizeObserver(() => this.u?.setSize({ width: this.host.clientWidth, height: HEIGHT })).observe(this.host);
  }

  #fact(name, title, format) {
    const node = make("dd", { class: "fresh", data: { field: name }, text: DASH });
    this.facts.append(make("div", {}, make("dt", { text: title }), node));
    this.fields[name] = new Field(node, format);
  }

  age(now) {
    this.fields.version.set(this.desk.version);
    this.fields.age.set(now.parameter_age_s ?? null);
  }

  report(status) {
    this.fields.trusted.set(status.doubt ? "no" : "yes");
    const calibrator = status.calibrator;
    this.fields.version.set(this.desk.version);
    this.fields.seconds.set(calibrator?.seconds ?? null);
    if (!calibrator) return this.sentenceField.set("No calibrator has reported: this run does not calibrate, or it is being started.");
    if (this.chosen === null && !this.updates.length) this.sentenceField.set(calibrator.sentence);
  }

  take(frame) {
    if (frame.whole) this.#clear();
    for (const update of frame.updates) this.#add(update);
    while (this.updates.length > MOST) {
      this.updates.shift();
      this.line.firstElementChild.remove();
    }
    this.fields.accepted.set(this.updates.length ? this.#accepted() : null);
    this.fields.count.set(this.updates.at(-1)?.count ?? null);
    const legend = legendOf(new Set(this.updates.map((update) => update.result)));
    byId("calibrator-force").textContent = legend && `${legend}; choose one to read it`;
    if (this.chosen === null) this.#tell(this.updates.at(-1));
    this.#rove();
    this.line.scrollLeft = this.chosen === null ? this.line.scrollWidth : this.line.scrollLeft;
    this.#points();
    invalidate(this);
  }

  /** Return how many were accepted of those that this page's server heard; the run may have had more. */
  #accepted() {
    const accepted = this.updates.filter((update) => isAccepted(update.result)).length;
    return `${accepted} of ${this.updates.length}`;
  }

  /** Say why there is no error to draw. */
  #emptiness(unknown) {
    if (this.data?.[0].length) return "";
    if (this.updates.length) return "No update has been judged on held-out data yet.";
    return unknown || "The calibrator has not tried an update yet.";
  }

  #clear() {
    this.updates = [];
    this.chosen = null;
    this.line.replaceChildren();
  }

  #add(update) {
    const [letter, tone, meaning] = verdictOf(update.result);
    const when = clock(update.t - this.desk.origin());
    const button = make("button", {
      type: "button", class: tone, text: letter, tabindex: "-1", title: `${when} ${meaning}`, "aria-label": `Update ${update.count} at ${when}: ${meaning}`,
      "aria-pressed": "false", data: { result: update.result, count: update.count, before: update.error_before ?? "", after: update.error_after ?? "" },
      on: { click: () => this.#choose(update, button) },
    });
    this.updates.push(update);
    this.line.append(button);
  }

  #choose(update, button) {
    const isSame = this.chosen === update;
    this.chosen = isSame ? null : update;
    for (const one of this.line.querySelectorAll("[aria-pressed=true]")) one.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(!isSame));
    this.#tell(this.chosen ?? this.updates.at(-1));
    this.#rove(button);
  }

  #tell(update) {
    if (!update) return;
    this.sentenceField.set(`${clock(update.t - this.desk.origin())}  ${update.sentence || verdictOf(update.result)[2]}`);
  }

  /** One verdict is reached by Tab, the others by the arrow keys. */
  #rove(button = this.line.querySelector("[aria-pressed=true]") ?? this.line.lastElementChild) {
    for (const one of this.line.querySelectorAll("[tabindex='0']")) one.tabIndex = -1;
    if (button) button.tabIndex = 0;
  }

  #keys(event) {
    const to = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
    const next = to && event.target[to];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.#rove(next);
    next.focus();
  }

  #points() {
    const judged = this.updates.filter((update) => Number.isFinite(update.error_after) || Number.isFinite(update.error_before));
    // On the session's clock, so that marks of the axis fall on round times.
    this.data = [judged.map((update) => update.t - this.desk.origin()), judged.map((update) => update.error_before ?? null), judged.map((update) => update.error_after ?? null)];
  }

  draw() {
    if (!this.host.clientWidth) return;
    this.u ??= this.#make();
    this.u.setData(this.data);
  }

  #make() {
    const axis = { font: "11px system-ui", stroke: () => palette.faint, ticks: { show: false }, grid: { stroke: () => palette.grid, width: 1 } };
    const line = (colour, dash) => ({ stroke: () => palette[colour], width: 1.8, dash, points: { show: (u) => u.data[0].length <= MOST_POINTS, size: 5, fill: () => palette[colour] } });
    return new uPlot({
      width: this.host.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [6, EDGE, 0, 0],
      scales: { x: { time: false }, y: { range: (u) => [0, ceiling(u.data)] } },
      series: [{}, line("reference", [4, 3]), line("predicted")],
      axes: [{ ...axis, size: 22, incrs: STEPS_S, values: (_, splits) => splits.map((time) => clock(time)) }, { ...axis, size: 44, space: 26, values: (_, splits) => splits.map((share) => percent(share)) }],
    }, this.data, this.host);
  }
}
