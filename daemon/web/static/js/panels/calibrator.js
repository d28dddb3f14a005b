/** Each update's verdict on a line of time, the error before and after it, and the set in force. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { byId, Field, make } from "../dom.js";
import { age, clock, DASH, digits, percent, words } from "../format.js";
import { enrol, invalidate } from "../scheduler.js";
import { onTheme, palette } from "../theme.js";

/** Letter and tone of each verdict; the letter tells it where colours do not. */
const VERDICTS = {
  ok: ["A", "good", "accepted"], at_bounds: ["B", "good", "accepted, at bounds"], rolled_back: ["↶", "info", "rolled back"],
  held: ["H", "info", "held"], rejected: ["R", "warn", "rejected"], too_few_samples: ["F", "", "too few samples"],
  no_reference: ["N", "", "no reference"], opposite_reference: ["O", "bad", "opposite reference"],
  not_excited: ["E", "", "not excited"], diverged: ["D", "bad", "diverged"], paused: ["P", "", "paused"],
};
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
  desk.bus.on("now", (now) => panel.fields.age.set(now.parameter_age_s ?? null));
  desk.bus.on("status", () => panel.report(desk.status));
  onTheme(() => invalidate(panel));
}

/** Return the top of the axis: what errors are like once something has been learnt. */
function ceiling([, before, after]) {
  const errors = [...before, ...after].filter((error) => error !== null).sort((one, other) => one - other);
  const large = errors[Math.floor(SHOWN * (errors.length - 1))] ?? 1;
  return Math.max(0.05, Math.min(1.5 * large, 1.1 * (errors.at(-1) ?? 1)));
}

const meaningOf = (result) => VERDICTS[result]?.[2] ?? words(result);

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
    this.#fact("accepted", "accepted", (value) => value ?? DASH);
    this.#fact("seconds", "takes", (value) => (value === null ? DASH : `${digits(value, 2)} s`));
    this.line = make("div", { class: "verdicts", role: "toolbar", "aria-label": "Verdicts, oldest first; arrow keys move", on: { keydown: (event) => this.#keys(event) } });
    this.sentence = make("p", { class: "verdict-sentence", "aria-live": "off" });
    this.sentenceField = new Field(this.sentence);
    this.why = make("p", { class: "why", text: "The calibrator has not tried an update yet." });
    this.host = make("div", { class: "plot", role: "img", "aria-label": "Held-out error before and after each update" }, this.why);
    const legend = make("ul", { class: "legend" }, make("li", {}, make("span", { class: "key reference" }), "held-out error before"), make("li", {}, make("span", { class: "key" }), "after, as a share of the reference's variance"));
    byId("calibrator-force").textContent = "A accepted, H held, R rejected; choose one to read it";
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

  report(status) {
    this.fields.trusted.set(status.doubt ? "no" : "yes");
    const calibrator = status.calibrator;
    this.fields.version.set(calibrator ? calibrator.version : null);
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
    const accepted = this.updates.filter((update) => ["ok", "at_bounds"].includes(update.result)).length;
    this.fields.accepted.set(this.updates.length ? `${accepted} of ${this.updates.length}` : null);
    if (this.chosen === null) this.#tell(this.updates.at(-1));
    this.#rove();
    this.line.scrollLeft = this.chosen === null ? this.line.scrollWidth : this.line.scrollLeft;
    this.#points();
    invalidate(this);
  }

  #clear() {
    this.updates = [];
    this.chosen = null;
    this.line.replaceChildren();
  }

  #add(update) {
    const [letter, tone, meaning] = VERDICTS[update.result] ?? ["?", "", words(update.result)];
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
    this.sentenceField.set(`${clock(update.t - this.desk.origin())}  ${update.sentence || meaningOf(update.result)}`);
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
    this.why.textContent = judged.length ? "" : this.updates.length ? "No update has been judged on held-out data yet." : "The calibrator has not tried an update yet.";
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
      width: this.host.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false }, y: { range: (u) => [0, ceiling(u.data)] } },
      series: [{}, line("reference", [4, 3]), line("predicted")],
      axes: [{ ...axis, size: 22, incrs: STEPS_S, values: (_, splits) => splits.map((time) => clock(time)) }, { ...axis, size: 44, space: 26, values: (_, splits) => splits.map((share) => percent(share)) }],
    }, this.data, this.host);
  }
}
