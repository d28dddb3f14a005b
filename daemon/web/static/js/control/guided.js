/** Rest and MVC, led step by step on a screen that can be read from where the person stands. */

import { byId, make, openDialog } from "../dom.js";
import { percent } from "../format.js";
import { command } from "./command.js";
import { fresh } from "./once.js";
import { lead, stepsOf } from "./steps.js";

/** Full scale of the bars, as a share of the present MVC. */
const FULL = 1.5;

/** Lead through rest alone. */
export function guideRest(desk, outcomes) {
  const seconds = number("Rest, s", 5, 1, 120);
  const guide = new Guide(desk, outcomes, "Record the resting level");
  guide.ask([make("div", { class: "settings" }, seconds.label)], async () => {
    await guide.record("baseline", [], [{ kind: "ready", seconds: 3, channel: null, text: "Relax. Next: rest, keeping still." }], [rest(seconds.value)]);
  });
}

/** Lead through rest and each channel's contractions. */
export function guideMvc(desk, outcomes) {
  const repeats = number("Contractions of each", 3, 1, 20);
  const effort = number("Contraction, s", 4, 1, 30);
  const pause = number("Pause before each, s", 10, 0, 600);
  const still = number("Rest, s", 5, 1, 120);
  const boxes = desk.meta.channels.map((name) => ({ name, box: make("input", { type: "checkbox", checked: true }) }));
  const also = make("input", { type: "checkbox" });
  const guide = new Guide(desk, outcomes, "Record rest and MVC");
  guide.ask([
    make("p", { class: "note", text: "The daemon goes on predicting. A channel's new MVC is the highest level that was held in any contraction; nothing changes before the end. Ending early uses what was recorded until then; a channel that was not clearly activated keeps its MVC." }),
    make("fieldset", { class: "choices" }, make("legend", { text: "Channels" }), ...boxes.map(({ name, box }) => make("label", {}, box, name))),
    make("div", { class: "settings" }, repeats.label, effort.label, pause.label, still.label, make("label", { class: "check" }, also, "Afterwards the resting level as well")),
  ], async () => {
    const channels = boxes.filter(({ box }) => box.checked).map(({ name }) => name);
    if (!channels.length) return guide.say("Choose at least one channel.");
    const times = { channels, repeats: repeats.value, effort: effort.value, rest: still.value, pause: pause.value };
    const [first, ...others] = stepsOf(times);
    const isDone = await guide.record("mvc", channels, [first], others);
    if (isDone && also.checked) await guide.record("baseline", [], [{ ...first, seconds: Math.max(3, pause.value) }], [rest(still.value)]);
  });
}

const rest = (seconds) => ({ kind: "rest", seconds, channel: null, text: "Rest: keep still, every muscle slack." });

function number(text, value, min, max) {
  const input = make("input", { type: "number", value: String(value), min: String(min), max: String(max), step: "any", required: true });
  return {
    label: make("label", {}, text, input),
    get value() {
      return Math.min(max, Math.max(min, Number(input.value) || min));
    },
  };
}

class Guide {
  constructor(desk, outcomes, title) {
    Object.assign(this, { desk, outcomes, title, dialog: byId("guided"), isStopped: false, recording: null });
    this.call = make("div", { class: "call", role: "timer" });
    this.told = make("p", { class: "note trouble", role: "alert" });
    this.rows = new Map();
    this.deaf = desk.bus.on("now", (now) => this.#levels(now));
    this.dialog.onclose = () => this.#leave();
    this.dialog.oncancel = (event) => this.recording && event.preventDefault();
  }

  /** Ask for the settings, then begin. */
  ask(content, begin) {
    const start = make("button", { class: "primary", text: "Begin" });
    const form = make("form", { on: { submit: (event) => (event.preventDefault(), begin()) } }, ...content, this.told, make("div", { class: "actions" }, start));
    openDialog(this.dialog, this.title, form);
  }

  say(sentence) {
    this.told.textContent = sentence;
  }

  /** Record one thing: false where it was refused or given up. */
  async record(what, channels, before, steps) {
    this.#screen(channels.length ? channels : this.desk.meta.channels);
    this.say("");
    if (!(await lead(before, (...at) => this.#show(...at), () => this.isStopped))) return false;
    const begun = await this.#ask(`${what} start`, what === "mvc" ? { channels } : {});
    if (!begun.ok) return this.say(begun.sentence), false;
    this.recording = what;
    for (const row of this.rows.values()) row.highest = 0;
    await lead(steps, (...at) => this.#show(...at), () => this.isStopped);
    const ended = await this.#ask(`${what} stop`);
    this.recording = null;
    await this.#settle(ended);
    return ended.ok;
  }

  /** Show what became of it, at the channels it speaks of; an unlikely MVC is asked about. */
  async #settle(reply) {
    this.now = null;
    this.stop.remove();
    this.#tell(reply);
    if (!reply.data.fallen) return;
    for (const row of this.rows.values()) row.note.textContent = "";
    this.say(reply.sentence);
    if (await this.#confirmed()) this.#tell(await this.#ask("mvc stop", { confirmed: true }));
  }

  #tell(reply) {
    this.call.replaceChildren(make("p", { class: "what", text: reply.ok ? "Recorded" : "Not changed" }));
    this.call.dataset.kind = reply.ok ? "rest" : "effort";
    const spoken = [...this.rows].filter(([name]) => names(reply.sentence, name));
    for (const [, row] of this.rows) row.note.textContent = "";
    for (const [name, row] of spoken) row.note.textContent = (reply.ok && ofChannel(reply.sentence, name)) || reply.sentence;
    this.told.className = reply.ok ? "note" : "note trouble";
    this.say(spoken.length === 1 && !reply.ok ? "" : reply.sentence);
  }

  #confirmed() {
    return new Promise((done) => {
      const answer = (text, value, tone) => fresh(make("button", { type: "button", class: tone, text, on: { click: () => (question.remove(), done(value)) } }));
      const plain = make("p", { class: "note", text: "If the person did not contract as hard as they can, keep the old MVC and record it again." });
      const question = make("div", { class: "question" }, plain, make("div", { class: "actions" }, answer("Keep the old MVC", false, ""), answer("Take the new MVC all the same", true, "danger")));
      this.told.after(question);
      this.dialog.addEventListener("close", () => done(false), { once: true });
    });
  }

  async #ask(name, more) {
    const reply = await command(name, more);
    this.outcomes.tell(name, reply);
    return reply;
  }

  #screen(channels) {
    this.rows = new Map(channels.map((name) => [name, effortRow(name)]));
    this.stop = fresh(make("button", { type: "button", class: "danger", text: "End here", on: { click: () => (this.isStopped = true) } }));
    const list = make("div", { class: "efforts" }, ...[...this.rows.values()].map((row) => row.node));
    openDialog(this.dialog, this.title, this.call, this.told, list, make("div", { class: "actions" }, this.stop));
  }

  #show(step, left) {
    if (this.now !== step) {
      this.now = step;
      this.what = make("p", { class: "what", text: step.text });
      this.left = make("p", { class: "left" });
      this.fill = make("i");
      this.call.dataset.kind = step.kind;
      this.call.replaceChildren(this.what, this.left, make("div", { class: "level" }, this.fill));
      for (const [name, row] of this.rows) row.node.dataset.now = String(name === step.channel);
    }
    this.left.textContent = String(Math.ceil(left));
  }

  #levels(now) {
    for (const [name, row] of this.rows) row.show(now.level?.[name] ?? null, this.recording === "mvc" && this.now?.kind === "effort");
    const level = this.now?.channel ? now.level?.[this.now.channel] : Math.max(0, ...Object.values(now.level ?? {}));
    if (this.fill) this.fill.style.transform = `scaleX(${Math.min(1, Math.max(0, level ?? 0) / FULL).toFixed(3)})`;
  }

  /** Whoever closes the dialog ends the recording; nothing goes on unseen. */
  #leave() {
    this.deaf();
    this.isStopped = true;
  }
}

/** Tell whether a sentence speaks of a channel. */
const names = (sentence, channel) => sentence.split(/[^\p{L}\p{N}_-]+/u).includes(channel);

/** Return what a sentence says of old and new of a channel, or nothing. */
function ofChannel(sentence, channel) {
  return sentence.split(/[:,] /).find((part) => part.startsWith(`${channel} `) && part.includes("->"))?.replace(/\.$/, "");
}

function effortRow(name) {
  const fill = make("i");
  const tick = make("b");
  const value = make("span", { class: "number", data: { field: "highest" } });
  const note = make("p", { class: "note trouble" });
  const node = make("div", { class: "effort", data: { channel: name, now: "false" } }, make("b", { text: name }), make("div", { class: "level" }, fill, tick), value, note);
  const row = { node, note, highest: 0 };
  row.show = (level, counts) => {
    if (level === null) return;
    if (counts && level > row.highest) row.highest = level;
    fill.style.transform = `scaleX(${Math.min(1, level / FULL).toFixed(3)})`;
    tick.style.left = `${(100 * Math.min(1, row.highest / FULL)).toFixed(1)}%`;
    value.textContent = percent(row.highest || level);
    value.dataset.value = row.highest || level;
  };
  return row;
}
