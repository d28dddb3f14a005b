/** The page of recorded sessions: a list, one session's facts, two beside each other. */

import { byId, make } from "../dom.js";
import { clock } from "../format.js";
import { ask, fetchFile } from "./ask.js";
import { comparison } from "./comparison.js";
import { facts } from "./facts.js";

const SEARCH_AFTER_MS = 250;

export function startSessions() {
  const page = new Sessions(byId("sessions"));
  const turn = () => {
    const isSessions = location.hash === "#sessions";
    byId("sessions").hidden = !isSessions;
    byId("live").hidden = isSessions;
    byId("time").hidden = isSessions;
    for (const [id, isHere] of [["tab-live", !isSessions], ["tab-sessions", isSessions]]) {
      if (isHere) byId(id).setAttribute("aria-current", "page");
      else byId(id).removeAttribute("aria-current");
    }
    if (isSessions) page.list();
  };
  addEventListener("hashchange", turn);
  turn();
}

class Sessions {
  constructor(host) {
    this.chosen = [];
    this.started = new Map();
    this.search = make("input", { type: "search", placeholder: "name, title, date, joint, muscle or mark", "aria-label": "Search the sessions", maxlength: "200", on: { input: () => this.#soon() } });
    this.compare = make("button", { type: "button", class: "primary", text: "Compare two", disabled: true, on: { click: () => this.#compare() } });
    this.count = make("p", { class: "hint", role: "status" });
    this.body = make("tbody");
    const head = ["", "Session", "Started", "Lasted", "Joints", "Marks"].map((title) => make("th", { scope: "col", class: title === "Lasted" ? "number" : "", text: title }));
    head[0].append(make("span", { class: "visually-hidden", text: "Choose" }));
    const table = make("table", { class: "session-list" }, make("thead", {}, make("tr", {}, ...head)), this.body);
    this.detail = make("div", { class: "session-detail", data: { panel: "session" } });
    host.append(
      make("div", { class: "panel", data: { panel: "sessions" } }, make("header", {}, make("h2", { id: "h-sessions", text: "Recorded sessions" }), this.count),
        make("div", { class: "body" }, make("div", { class: "session-tools" }, this.search, this.compare), make("div", { class: "scroll wrap", tabindex: "0", role: "region", "aria-label": "Recorded sessions" }, table))),
      this.detail);
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.list(), SEARCH_AFTER_MS);
  }

  async list() {
    const answer = await ask(`/sessions?search=${encodeURIComponent(this.search.value.trim())}`);
    if (answer.sentence) return this.#none(answer.sentence);
    const { sessions, total } = answer;
    this.count.textContent = sessions.length === total ? `${total}` : `${sessions.length} of ${total}`;
    for (const row of sessions) this.started.set(row.name, row.started);
    this.body.replaceChildren(...sessions.map((row) => this.#row(row)));
    if (!sessions.length) this.#none(total ? "No session fits this search." : "No session has been recorded in this folder yet; 'hillstream run' writes one for each run.");
  }

  #none(sentence) {
    this.body.replaceChildren(make("tr", {}, make("td", { colspan: "6", class: "empty", text: sentence })));
  }

  #row(row) {
    const cell = (text, className) => make("td", { class: className, text });
    if (!row.ok) return make("tr", { data: { session: row.name } }, cell(""), cell(row.name), make("td", { colspan: "4", class: "note trouble", text: row.sentence }));
    const box = make("input", { type: "checkbox", "aria-label": `Choose ${row.name} to compare`, on: { change: () => this.#choose(row.name, box.checked) } });
    box.checked = this.chosen.includes(row.name);
    const open = make("button", { type: "button", class: "tool", text: row.name, on: { click: () => this.open(row.name) } });
    const state = row.being_written ? make("span", { class: "badge info", text: "being written" }) : row.ended ? null : make("span", { class: "badge warn", text: "cut off" });
    return make("tr", { data: { session: row.name } }, make("td", {}, box), make("td", {}, open, " ", row.title, " ", state), cell(started(row.started)), cell(clock(Math.round(row.seconds)), "number"), cell(row.joints.join(", ")), cell(row.marks.slice(0, 3).join(" · ")));
  }

  #choose(name, isChosen) {
    this.chosen = isChosen ? [...this.chosen, name].slice(-2) : this.chosen.filter((one) => one !== name);
    for (const row of this.body.rows) {
      const box = row.querySelector("input");
      if (box) box.checked = this.chosen.includes(row.dataset.session);
    }
    this.compare.disabled = this.chosen.length !== 2;
    this.compare.textContent = this.chosen.length === 2 ? "Compare these two" : "Compare two";
  }

  async open(name) {
    this.#wait(`Reading ${name} …`);
    const answer = await ask(`/sessions/${encodeURIComponent(name)}`);
    this.detail.replaceChildren(answer.sentence ? problem(answer.sentence) : facts(answer, (what) => this.#fetch(name, what)));
    this.detail.scrollIntoView({ block: "nearest" });
  }

  async #compare() {
    const [a, b] = this.chosen.toSorted((one, other) => (this.started.get(one) < this.started.get(other) ? -1 : 1));
    this.#wait(`Comparing ${a} and ${b} …`);
    const answer = await ask(`/comparison?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`);
    this.detail.replaceChildren(answer.sentence ? problem(answer.sentence) : comparison(answer));
    this.detail.scrollIntoView({ block: "nearest" });
  }

  async #fetch(name, what) {
    const sentence = await fetchFile(`/sessions/${encodeURIComponent(name)}/${what}`, name);
    if (sentence) this.detail.prepend(problem(sentence));
  }

  #wait(text) {
    this.detail.replaceChildren(make("p", { class: "empty", role: "status", text }));
  }
}

const problem = (sentence) => make("p", { class: "note fault", role: "alert", text: sentence });
const started = (iso) => (iso ? iso.slice(0, 16).replace("T", " ") : "");
