/** The control panel: what may be commanded, and what the daemon answered. */

import { byId, make } from "../dom.js";
import { forget, token, tokenIn } from "../token.js";
import { command } from "./command.js";
import { download, levelLines } from "./download.js";
import { guideMvc, guideRest } from "./guided.js";
import { allow, once } from "./once.js";
import { Outcomes } from "./outcomes.js";
import { showRollback } from "./rollback.js";

/** What a subject file says it is; the daemon hands over the rest of it. */
const SUBJECT_FORMAT = "hillstream-subject/1";
/** Who reads on the server's own machine without a token that is known. */
const LOCAL = "local";
const LIKE_A_TOKEN = /^[\w-]{1,128}$/;

export function startControl(desk, connection) {
  const panel = new Control(desk, connection);
  desk.bus.on("layout", (meta) => panel.begin(meta));
  desk.bus.on("log", (log) => panel.learn(log));
  desk.bus.on("connection", ({ isRefused }) => isRefused && panel.refuse());
}

class Control {
  constructor(desk, connection) {
    this.desk = desk;
    this.connection = connection;
    this.outcomes = new Outcomes(desk);
    this.log = null;
    this.right = null;
    this.reader = null;
    this.notice = "";
    byId("control").append(make("p", { class: "empty", text: "It is not known yet who may command." }));
  }

  begin(meta) {
    this.#judge(meta.reader);
    const right = `${meta.control}/${meta.may_command}/${meta.reader}/${token()}`;
    byId("control-who").textContent = meta.may_command ? `as ${meta.reader}` : "reading only";
    if (right === this.right) return;
    this.right = right;
    const content = !meta.control ? [this.#without()] : meta.may_command ? this.#desk() : [this.#gate()];
    byId("control").replaceChildren(...content);
    if (this.log) this.learn(this.log);
  }

  /** Forget a token that nobody knows, and say so. */
  #judge(reader) {
    const isUnknown = reader === LOCAL && token();
    if (isUnknown) {
      forget();
      this.notice = this.#isHeld() ? "Your token was taken away; you may still read." : "The token of this tab is not known here; you may read.";
      this.right = null;
    } else if (reader !== LOCAL) this.notice = "";
    this.reader = reader;
  }

  /** Tell whether a token has opened this page. */
  #isHeld() {
    return this.reader !== null && this.reader !== LOCAL;
  }

  /** Nobody may even read: ask for a token. */
  refuse() {
    this.notice = this.#isHeld() ? "Your token was taken away." : token() ? "The token of this tab does not open it." : "";
    this.right = this.reader = null;
    byId("control-who").textContent = "";
    byId("control").replaceChildren(this.#gate());
  }

  #without() {
    return make("p", { class: "empty", text: "This page has no control port. Start 'hillstream web' with --control and the daemon's control.address to command it from here." });
  }

  /** What somebody sees who may only read. */
  #gate() {
    const input = make("input", { type: "password", autocomplete: "off", placeholder: "token, or the address with it", "aria-label": "Token", class: "grow" });
    const told = make("p", { class: "note trouble", role: "alert", text: this.notice });
    const use = make("button", { class: "primary", text: "Use token" });
    const open = (event) => {
      event.preventDefault();
      const given = tokenIn(input.value);
      if (!given) return input.focus();
      once(use, async () => {
        told.textContent = "The token is being tried.";
        told.textContent = await this.#tried(given);
      });
    };
    return make("form", { on: { submit: open } },
      make("p", { class: "note" }, "What needs a token opens with one. Make it on the daemon's machine with ", make("code", { text: "hillstream keys web NAME --may command" }), " and open the address it prints, or paste the token here. It stays in this tab."),
      make("div", { class: "row" }, input, use), told);
  }

  /** Use a token where it opens more than is open; return why not, or nothing. */
  async #tried(given) {
    if (!LIKE_A_TOKEN.test(given)) return "This is no token, which has letters, digits, '-' and '_' only; paste it whole.";
    const isShut = this.desk.connection.isRefused;
    const why = await this.connection.change(given, (frame) => (isShut ? "" : objection(frame)));
    if (isShut && why) return `This token does not open it. ${why}`;
    return isShut && this.right === null ? "The token is taken; the daemon is not heard yet." : why;
  }

  /** Go on without the token of this tab; where that may not even read, the page says so. */
  async #drop() {
    if (!(await this.connection.change(null))) return;
    this.reader = null;
    forget();
    this.connection.open();
  }

  #desk() {
    const button = (text, run, more = {}) => make("button", { type: "button", text, on: { click: (event) => once(event.currentTarget, run) }, ...more });
    this.pause = button("Pause", () => this.#run(this.log?.paused ? "resume" : "pause"), { title: "Parameters stay as they are until it is resumed", data: { command: "pause" } });
    this.back = button("Roll back…", () => showRollback(this.desk, this.log, this.outcomes), { data: { command: "rollback" } });
    this.save = button("Save", () => this.#save(), { title: "Download the person as calibrated now", data: { command: "save" } });
    const rest = button("Rest…", () => guideRest(this.desk, this.outcomes), { data: { command: "baseline" } });
    const mvc = button("Rest and MVC…", () => guideMvc(this.desk, this.outcomes), { data: { command: "mvc" } });
    this.stop = button("End the recording", () => this.#endRecording(), { class: "danger", hidden: true });
    this.state = make("p", { class: "note trouble", hidden: true });
    const drop = token() ? button("Forget token", () => this.#drop(), { class: "tool" }) : null;
    return [this.#marker(), make("div", { class: "row" }, this.pause, this.back, this.save), make("div", { class: "row" }, rest, mvc, drop), this.state, this.stop, this.outcomes.node];
  }

  #marker() {
    const input = make("input", { id: "mark-text", maxlength: "500", placeholder: "walking, 1.2 m/s", "aria-label": "Mark", "aria-keyshortcuts": "m", class: "grow", autocomplete: "off" });
    const mark = make("button", { class: "primary", text: "Mark", data: { command: "mark" } });
    const send = async (text) => {
      if ((await this.#run("mark", { text })).ok) input.value = "";
      input.blur();
    };
    const submit = (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) once(mark, () => send(text));
      else input.focus();
    };
    return make("form", { class: "row", on: { submit } }, input, mark);
  }

  learn(log) {
    this.log = log;
    if (!this.pause) return;
    this.pause.textContent = log.paused ? "Resume" : "Pause";
    this.pause.setAttribute("aria-pressed", String(Boolean(log.paused)));
    for (const button of [this.pause, this.back]) allow(button, Boolean(log.calibrates));
    const isOurs = byId("guided").open;
    this.state.hidden = this.stop.hidden = !log.recording || isOurs;
    this.state.textContent = log.recording ? `${log.recording === "mvc" ? "The MVC" : "The resting level"} is being recorded.` : "";
  }

  #endRecording() {
    return this.#run(this.log.recording === "mvc" ? "mvc stop" : "baseline stop");
  }

  async #run(name, more) {
    const reply = await command(name, more);
    this.outcomes.tell(name, reply);
    if (reply.ok && (name === "pause" || name === "resume")) this.learn({ ...this.log, paused: name === "pause" });
    return reply;
  }

  async #save() {
    const reply = await this.#run("save");
    if (!reply.ok) return;
    const stem = `subject-v${reply.data.version}`;
    const skeleton = reply.data.skeleton && `${stem}.skeleton.json`;
    download(`${stem}.json`, JSON.stringify({ format: SUBJECT_FORMAT, ...reply.data.subject }, null, 1), "application/json");
    if (skeleton) download(skeleton, JSON.stringify(reply.data.skeleton, null, 1), "application/json");
    download(`${stem}.levels.toml`, levelLines(reply.data, `${stem}.json`, skeleton), "text/plain");
  }
}

/** Say why a token opens no more than is open already: the first frame tells whose it is. */
function objection({ reader, may_command: mayCommand }) {
  if (mayCommand) return "";
  if (!reader || reader === LOCAL) return "This token is not known here: it is mistyped, or was taken away.";
  return `The token of '${reader}' may read, not command; make one that may with 'hillstream keys web NAME --may command'.`;
}
