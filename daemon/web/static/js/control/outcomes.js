/** What the daemon said to each command, the newest first. */

import { make } from "../dom.js";
import { clock } from "../format.js";

const MOST = 20;

export class Outcomes {
  constructor(desk) {
    this.desk = desk;
    this.node = make("ul", { class: "outcomes", "aria-live": "polite", "aria-label": "What the daemon said", tabindex: "0" });
    desk.bus.on("origin", () => this.#place());
  }

  tell(name, reply) {
    const time = new Date().toLocaleTimeString([], { hour12: false });
    const badge = make("span", { class: `badge ${reply.ok ? "good" : "bad"}`, text: `${reply.ok ? "✓" : "✕"} ${name}` });
    this.node.prepend(make("li", { class: "outcome", data: { command: name, ok: String(reply.ok) } }, badge, make("span", { text: reply.sentence, title: time, data: { sentence: reply.sentence } })));
    while (this.node.children.length > MOST) this.node.lastElementChild.remove();
    this.#place();
  }

  /** Put the times of marks on the session's clock, once a status has told when it began. */
  #place() {
    if (!this.desk.status) return;
    for (const { lastElementChild: span } of this.node.children) {
      const text = onSessionClock(span.dataset.sentence, this.desk.origin());
      if (text !== span.textContent) span.textContent = text;
    }
  }
}

/** Return a sentence with the time of a mark as the page counts it. */
const onSessionClock = (sentence, origin) => sentence.replace(/^Marked at (\d+(?:\.\d+)?) s/, (_, time) => `Marked at ${clock(Number(time) - origin)}`);
