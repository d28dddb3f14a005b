/** Going back to an earlier parameter set: what it would change, then the question. */

import { byId, make, openDialog } from "../dom.js";
import { change, digits, words } from "../format.js";
import { command } from "./command.js";
import { allow, once } from "./once.js";

export function showRollback(desk, log, outcomes) {
  const dialog = byId("rollback");
  const { first, last, hint } = range(log?.versions_known);
  const input = make("input", { type: "number", min: String(first), max: String(last), value: String(Math.max(first, last - 1)), required: true, "aria-label": "Version" });
  const table = make("div", { role: "status" });
  const sentence = make("p", { class: "note" });
  const confirm = make("button", { type: "button", class: "danger", text: "Roll back", disabled: true });
  const look = make("button", { text: "Show what would change" });
  const show = async () => {
    allow(confirm, false);
    const version = Number(input.value);
    const reply = await command("compare", { version });
    if (Number(input.value) !== version) return; // another version has been asked for meanwhile
    sentence.textContent = reply.sentence;
    table.replaceChildren(...(reply.ok ? [changes(reply.data.parameters)] : []));
    allow(confirm, reply.ok);
    confirm.textContent = `Roll back to version ${version}`;
    confirm.onclick = () => once(confirm, async () => {
      outcomes.tell(`rollback ${version}`, await command("rollback", { version }));
      dialog.close();
    });
  };
  const submit = (event) => {
    event.preventDefault();
    once(look, show);
  };
  input.addEventListener("input", () => allow(confirm, false));
  openDialog(dialog, "Roll back to an earlier set",
    make("form", { class: "row", on: { submit } }, make("label", { class: "row" }, "Version", input), look, make("span", { class: "note", text: hint })),
    sentence, table, make("div", { class: "actions" }, confirm));
  once(look, show);
}

/** Return the oldest and newest version, from a list or the daemon's words. */
function range(known) {
  const numbers = Array.isArray(known) ? known : (String(known ?? "").match(/\d+/g) ?? ["0"]).map(Number);
  return { first: Math.min(...numbers), last: Math.max(...numbers), hint: known === undefined || known === null ? "" : `known: ${Array.isArray(known) ? known.join(", ") : known}` };
}

function changes(parameters) {
  const rows = Object.entries(parameters).flatMap(([name, muscles]) => Object.entries(muscles).map(([muscle, [now, then]]) => ({ name, muscle, now, then, share: now ? (then - now) / Math.abs(now) : 0 })));
  const moved = rows.filter((row) => row.now !== row.then).sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
  if (!moved.length) return make("p", { class: "empty", text: "It is the same set as the one in force." });
  const number = (text) => make("td", { class: "number", text });
  const body = moved.map((row) => make("tr", { data: { parameter: row.name, muscle: row.muscle } }, make("td", { text: words(row.muscle) }), make("td", { text: words(row.name) }), number(digits(row.now)), number(digits(row.then)), number(change(row.share))));
  const head = ["Muscle", "Parameter", "In force", "Then", "Change"].map((title, place) => make("th", { scope: "col", class: place > 1 ? "number" : "", text: title }));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What would change" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)));
}
