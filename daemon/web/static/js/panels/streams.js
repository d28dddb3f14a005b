/** What comes in: state, age, rate and gaps of each stream, and what the daemon says of it. */

import { byId, Field, make, mark, Rows } from "../dom.js";
import { age, digits, percent } from "../format.js";

const STATES = { LIVE: ["●", "good"], RESOLVING: ["◌", "info"], STALE: ["◆", "warn"], LOST: ["✕", "bad"], ENDED: ["■", ""] };

export function startStreams(desk) {
  const rows = new Rows(byId("streams"), stream);
  desk.bus.on("status", () => {
    const streams = desk.status.streams ?? [];
    rows.have(streams.map((one) => one.key));
    for (const one of streams) rows.rows.get(one.key).show(one);
    if (!streams.length) byId("streams").replaceChildren(make("p", { class: "empty", text: "The daemon has not reported on its streams yet." }));
  });
}

function stream(key) {
  const badge = make("span", { class: "badge", data: { field: "state" } });
  const facts = make("div", { class: "stream-facts" });
  const note = make("p", { class: "note trouble", data: { field: "note" } });
  const field = (name, format) => {
    const node = make("span", { class: "fresh", data: { field: name } });
    facts.append(node);
    return new Field(node, format);
  };
  const fields = {
    age_s: field("age_s", (value) => `age ${age(value)}`),
    rate_hz: field("rate_hz", (value) => `${digits(value, 4)} Hz`),
    gaps: field("gaps", (value) => `${value ?? 0} gaps`),
    missing_samples: field("missing_samples", (value) => (value ? `${value} missing` : "")),
    reconnects: field("reconnects", (value) => (value ? `${value} reconnects` : "")),
    nonfinite: field("nonfinite", (value) => (value ? `${value} not finite` : "")),
    dropped_share: field("dropped_share", (value) => (value ? `${percent(value, 1)} dropped` : "")),
  };
  const noteField = new Field(note);
  const node = make("article", { class: "stream", data: { stream: key } },
    make("div", { class: "stream-head" }, make("b", { text: key }), badge), facts, note);
  const show = (health) => {
    const [sign, tone] = STATES[health.state] ?? ["?", ""];
    badge.textContent = `${sign} ${health.state}`;
    badge.dataset.value = health.state;
    mark(badge, "class", `badge ${tone}`);
    for (const [name, one] of Object.entries(fields)) one.set(health[name] ?? null);
    noteField.set([health.note, health.dropped_why].filter(Boolean).join(" "));
  };
  return { node, show };
}
