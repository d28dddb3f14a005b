/** What the operator did and noted; marks stand in the plots as well. */

import { byId, make } from "../dom.js";
import { clock } from "../format.js";
import { explain } from "../unheard.js";

export function startLog(desk) {
  const body = make("tbody");
  const empty = make("p", { class: "empty" });
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...["Time", "Command", "What was said", "By"].map((title) => make("th", { scope: "col", text: title })))), body);
  const list = make("div", { class: "log-list", tabindex: "0", role: "region", "aria-label": "List of marks and commands" }, table);
  byId("log").append(list, empty);
  let known = "";
  let entries = [];
  const write = () => {
    const key = JSON.stringify(entries) + desk.origin();
    if (key === known) return;
    known = key;
    desk.marks = entries.filter((entry) => entry.command === "mark").map((entry) => entry.t);
    body.replaceChildren(...entries.toReversed().map((entry) => line(entry, desk.origin())));
    list.hidden = !entries.length;
    desk.refresh();
  };
  desk.bus.on("log", (log) => {
    entries = log.entries;
    write();
  });
  desk.bus.on("origin", () => known && write());
  list.hidden = true;
  desk.bus.on("layout", () => (known = ""));
  explain(desk, empty, (unknown) => {
    if (!list.hidden) return "";
    if (desk.meta && !desk.meta.control) return "This page has no control port, so it cannot tell marks and commands: start 'hillstream web' with --control.";
    if (unknown) return unknown;
    return known ? "Nothing has been marked or commanded in this session." : "Not heard yet.";
  });
}

function line(entry, origin) {
  const said = entry.command === "mark" ? entry.argument || entry.sentence : entry.sentence;
  const sign = entry.command === "mark" ? "◈ " : entry.ok ? "✓ " : "✕ ";
  return make("tr", { data: { command: entry.command } }, make("td", { text: clock(entry.t - origin), data: { value: entry.t } }),
    make("td", { text: `${sign}${entry.command}${entry.command !== "mark" && entry.argument ? ` ${entry.argument}` : ""}` }), make("td", { text: said }), make("td", { text: entry.by ?? "" }));
}
