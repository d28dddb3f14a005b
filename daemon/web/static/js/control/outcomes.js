/** What the daemon said to each command, the newest first. */

import { make } from "../dom.js";
import { clock } from "../format.js";

const MOST = 20;

export class Outcomes {
  constructor(desk) {
    this.desk = desk;
    this.node = make("ul", { class: "outcomes", "aria-live": "polite", "aria-label": "What the daemon said", tabindex: "0" });
  }

  tell(name, reply) {
    const time = new Date().toLocaleTimeString([], { hour12: false });
    const badge = make("span", { class: `badge ${reply.ok ? "good" : "bad"}`, text: `${reply.ok ? "✓" : "✕"} ${name}` });
    this.node.prepend(make("li", { class: "outcome", data: { command: name, ok: String(reply.ok) } }, badge, make("span", { text: onSessionClock(reply.sentence, this.desk.origin()), title: time })));
    while (this.node.children.length > MOST) this.node.lastElementChild.remove();
  }
}

/** Return a sentence with the time of a mark as the page counts it. */
const onSessionClock = (sentence, origin) => sentence.replace(/^Marked at (\d+(?:\.\d+)?) s/, (_, time) => `Marked at ${clock(Number(time) - origin)}`);
