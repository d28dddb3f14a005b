/** Every parameter of every muscle: value, interval, what the data say of it, drift since the start. */

import { byId, Field, make } from "../dom.js";
import { change, DASH, digits, words } from "../format.js";
import { explain } from "../unheard.js";

/** Half-width of an interval that holds the value with 95 %, in standard deviations. */
const HALF = 1.96;
const UNITS = { optimal_fibre_length: "m", tendon_slack_length: "m" };
const TONES = { identified: "good", weakly_identified: "warn", known_with_another: "warn", unobserved: "", at_bound: "bad", fixed: "" };
const COLUMNS = [
  ["muscle", "Muscle", (row) => row.muscle], ["parameter", "Parameter", (row) => row.order], ["value", "Value", (row) => row.value],
  ["interval", "95 % interval", (row) => (row.deviation ? row.deviation / Math.abs(row.value) : Infinity)],
  ["word", "Known", (row) => row.word], ["drift", "Since start", (row) => -Math.abs(row.drift ?? 0)],
];

export function startParameters(desk) {
  const table = new Parameters();
  explain(desk, table.empty, (unknown) => (table.rows.size ? "" : unknown || "No parameter set has been published yet."));
  let coming = null;
  const show = (frame) => {
    table.take(frame);
    coming = null;
  };
  // A set is shown once the moments are predicted with it, so that its number is the banner's.
  desk.bus.on("parameters", (frame) => {
    const isAwaited = table.rows.size && desk.version !== null && ![desk.version, table.version].includes(frame.version);
    if (!isAwaited) show(frame);
    else coming = frame;
    table.name(desk.version);
  });
  desk.bus.on("now", () => {
    if (coming?.version === desk.version) show(coming);
    table.name(desk.version);
  });
}

class Parameters {
  constructor() {
    this.rows = new Map();
    this.version = undefined;
    this.hint = new Field(byId("parameters-hint"));
    this.sortBy = "parameter";
    this.downwards = false;
    this.filter = make("input", { type: "search", placeholder: "muscle", "aria-label": "Filter by muscle", on: { input: () => this.#arrange() } });
    this.which = make("select", { "aria-label": "Parameter", on: { change: () => this.#arrange() } }, make("option", { value: "", text: "all parameters" }));
    this.known = make("select", { "aria-label": "How well known", on: { change: () => this.#arrange() } }, make("option", { value: "", text: "however known" }),
      ...Object.keys(TONES).map((word) => make("option", { value: word, text: words(word) })));
    this.body = make("tbody");
    this.heads = COLUMNS.map(([key, title]) => this.#head(key, title));
    this.empty = make("p", { class: "empty" });
    const table = make("table", { class: "parameter-table" }, make("caption", { class: "visually-hidden", text: "Parameters in force" }), make("thead", {}, make("tr", {}, ...this.heads)), this.body);
    this.scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Parameters in force" }, table);
    byId("parameters").append(make("div", { class: "filters" }, this.filter, this.which, this.known), this.scroll, this.empty);
  }

  #head(key, title) {
    const isNumber = ["value", "interval", "drift"].includes(key);
    return make("th", { scope: "col", class: isNumber ? "number" : "", data: { key } }, make("button", { type: "button", text: title, on: { click: () => this.#sort(key) } }));
  }

  #sort(key) {
    this.downwards = this.sortBy === key && !this.downwards;
    this.sortBy = key;
    this.#arrange();
  }

  take(frame) {
    const names = Object.keys(frame.values);
    const wanted = names.length * frame.muscles.length;
    if (this.rows.size !== wanted || names.some((name) => !this.rows.has(key(name, frame.muscles[0])))) this.#make(names, frame.muscles);
    this.version = frame.version;
    names.forEach((name) => this.#fill(frame, name));
    this.#arrange();
  }

  /** Say which set this is; where another is in force, that too. */
  name(inForce) {
    if (this.version === undefined) return;
    const isOther = inForce !== null && inForce !== this.version;
    this.hint.set(isOther ? `set ${this.version}; the values of set ${inForce}, in force, have not come yet` : `set ${this.version}`);
  }

  #make(names, muscles) {
    this.rows = new Map();
    this.which.replaceChildren(this.which.firstElementChild, ...names.map((name) => make("option", { value: name, text: words(name) })));
    names.forEach((name, order) => muscles.forEach((muscle, place) => this.rows.set(key(name, muscle), line(name, muscle, order * muscles.length + place))));
  }

  #fill(frame, name) {
    const together = partners(frame, name);
    const combined = combinations(frame, name);
    frame.muscles.forEach((muscle, place) => {
      const value = frame.values[name][place];
      const start = frame.start?.[name]?.[place] ?? null;
      this.rows.get(key(name, muscle)).show({
        value, deviation: frame.deviation?.[name]?.[place] ?? null, word: frame.identifiability?.[name]?.[place] ?? "",
        drift: start ? (value - start) / Math.abs(start) : null, together: together[place], combined: combined.get(frame.muscles[place]) ?? [],
      });
    });
  }

  #arrange() {
    const of = COLUMNS.find(([column]) => column === this.sortBy)[2];
    const sign = this.downwards ? -1 : 1;
    const text = this.filter.value.trim().toLowerCase();
    const shown = [...this.rows.values()].filter((row) => row.muscle.toLowerCase().includes(text)
      && (!this.which.value || row.parameter === this.which.value) && (!this.known.value || row.word === this.known.value));
    shown.sort((one, other) => sign * compare(of(one), of(other)) || one.order - other.order);
    const nodes = shown.map((row) => row.node);
    if (nodes.length !== this.body.children.length || nodes.some((node, place) => node !== this.body.children[place])) this.body.replaceChildren(...nodes);
    for (const head of this.heads) {
      const isIt = head.dataset.key === this.sortBy;
      head.setAttribute("aria-sort", isIt ? (this.downwards ? "descending" : "ascending") : "none");
      head.firstElementChild.textContent = COLUMNS.find(([column]) => column === head.dataset.key)[1] + (isIt ? (this.downwards ? " ▾" : " ▴") : "");
    }
  }
}

const key = (parameter, muscle) => `${parameter}/${muscle}`;
const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** Return per muscle the others whose value and deviation are the same: they are known together only. */
function partners(frame, name) {
  const deviation = frame.deviation?.[name];
  return frame.muscles.map((muscle, place) => {
    if (!deviation?.[place] || frame.start?.[name] === undefined) return [];
    const drift = (at) => (frame.values[name][at] / frame.start[name][at]).toPrecision(9);
    return frame.muscles.filter((_, other) => other !== place && deviation[other]?.toPrecision(9) === deviation[place].toPrecision(9) && drift(other) === drift(place));
  });
}

/** Return per muscle what is known of one parameter of it together with another, in words. */
function combinations(frame, name) {
  const found = new Map();
  for (const pair of frame.combinations ?? []) {
    for (const [own, other] of [[pair.first, pair.second], [pair.second, pair.first]]) {
      const [owners, parameter] = parted(own);
      if (parameter !== name) continue;
      const text = told(pair, owners, ...parted(other), name);
      owners.split("+").forEach((muscle) => found.set(muscle, [...(found.get(muscle) ?? []), text]));
    }
  }
  return found;
}

const parted = (label) => [label.slice(0, label.lastIndexOf(":")), label.slice(label.lastIndexOf(":") + 1)];

function told(pair, owners, otherOwners, otherParameter, name) {
  const whose = otherOwners === owners ? "" : otherOwners.split("+").map(words).join(" + ");
  const what = otherParameter === name ? "" : words(otherParameter);
  const unit = pair.joining === "product" ? "" : otherParameter === "strength" ? " N" : " m";
  return `with ${[whose, what].filter(Boolean).join(" ")}: ${pair.joining} ${digits(pair.value, 4)} ± ${digits(HALF * pair.deviation, 2)}${unit}`;
}

function line(parameter, muscle, order) {
  const cell = (name, className = "") => make("td", { class: className, data: { field: name } });
  const cells = { value: cell("value", "number"), interval: cell("deviation", "number"), word: cell("identifiability"), drift: cell("drift", "number") };
  const badge = make("span", { class: "badge" });
  const together = make("span", { class: "note" });
  cells.word.append(badge, " ", together);
  const unit = UNITS[parameter] ?? "";
  const fields = {
    value: new Field(cells.value, (value) => digits(value, 4) + (unit && ` ${unit}`)),
    deviation: new Field(cells.interval, (value) => (value ? `± ${digits(HALF * value, 2)}` : DASH)),
    drift: new Field(cells.drift, (value) => change(value)),
  };
  const node = make("tr", { data: { muscle, parameter } }, make("th", { scope: "row", text: words(muscle), title: muscle }), make("td", { text: words(parameter) }), cells.value, cells.interval, cells.word, cells.drift);
  const row = { node, muscle, parameter, order, value: 0, deviation: null, word: "", drift: null };
  row.show = (news) => {
    Object.assign(row, news);
    for (const [name, field] of Object.entries(fields)) field.set(news[name]);
    badge.className = `badge ${TONES[news.word] ?? ""}`;
    badge.textContent = news.word ? words(news.word) : "not told yet";
    cells.word.dataset.value = news.word;
    const shared = news.together.length ? [`together with ${news.together.map(words).join(", ")}`] : [];
    together.textContent = [...news.combined, ...shared].join("; ");
  };
  return row;
}
