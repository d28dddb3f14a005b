/** Two sessions of a person beside each other. */

import { make } from "../dom.js";
import { change, clock, digits, percent, words } from "../format.js";
import { table } from "./facts.js";

/** Return the panel that compares two sessions. */
export function comparison({ a, b, summary, differences, obstacles }) {
  return make("section", { class: "panel", "aria-label": "Comparison" },
    make("header", {}, make("h2", { text: `${a.name} and ${b.name}` })),
    make("div", { class: "body" }, ...summary.map((sentence) => make("p", { text: sentence })), sides(a, b), ...changed(differences), ...obstacles.map((sentence) => make("p", { class: "note", text: sentence }))));
}

function sides(a, b) {
  const joints = [...new Set([...Object.keys(a.errors), ...Object.keys(b.errors)])];
  const channels = [...new Set([...Object.keys(a.mvc), ...Object.keys(b.mvc)])];
  const row = (name, of) => [name, of(a), of(b)];
  return table("As a whole", ["", a.name, b.name], [
    row("lasted", (side) => clock(Math.round(side.seconds))),
    row("updates in force", (side) => `${side.accepted} of ${side.updates} (${percent(side.updates ? side.accepted / side.updates : null)})`),
    ...joints.map((dof) => row(`RMSE of ${words(dof)}, N·m`, (side) => digits(side.errors[dof], 3))),
    ...channels.filter((channel) => a.mvc[channel] !== b.mvc[channel]).map((channel) => row(`MVC of ${channel}`, (side) => digits(side.mvc[channel], 3))),
  ]);
}

function changed(differences) {
  const heads = ["Muscle", "Parameter", "First", "Second", "Change", "Verdict"];
  const verdict = (one) => (one.changed === null ? one.obstacle : one.changed ? "changed" : "within the interval");
  const row = (one) => [words(one.muscle), words(one.name), digits(one.a.value), digits(one.b.value), change(one.share), verdict(one)];
  const told = differences.filter((one) => one.changed !== null);
  const untold = differences.filter((one) => one.changed === null);
  return [
    told.length ? table("Parameters, those that changed first", heads, told.map(row)) : null,
    untold.length ? make("details", {}, make("summary", { text: `${untold.length} that cannot be compared` }), table("Not comparable", heads, untold.map(row))) : null,
  ].filter(Boolean);
}
