/** Going back to an earlier parameter set: what it would change, then the question. */

import { byId, make, openDialog } from "../dom.js";
import { change, digits, words } from "../format.js";
import { command } from "./command.js";

export function showRollback(desk, log, outcomes) {
  const dialog = byId("rollback");
  const { first, last, hint } = range(log?.versions_known);
  const input = make("input", { type: "number", min: String(first), max: String(last), value: String(Math.max(first, last - 1)), required: true, "aria-label": "Version" });
  const table = make("div", { role: "status" });
  const sentence = make("p", { class: "note" });
  const confirm = make("button", { type: "button", class: "danger", text: "Roll back", disabled: true });
  const show = async (event) => {
    event?.preventDefault();
    confirm.disabled = true;
    const version = Number(input.value);
    const reply = await command("compare", { version });
    sentence.textContent = reply.sentence;
    table.replaceChildren(...(reply.ok ? [changes(reply.data.parameters)] : []));
    confirm.disabled = !reply.ok;
    confirm.textContent = `Roll back to version ${version}`;
    confirm.onclick = async () => {
      confirm.disabled = true;
      outcomes.tell(`rollback ${version}`, await command("rollback", { version }));
      dialog.close();
    };
  };
  input.addEventListener("input", () => (confirm.disabled = true));
  openDialog(dialog, "Roll back to an earlier set",
    make("form", { class: "row", on: { submit: show } }, make("label", { class: "row" }, "Version", input), make("button", { text: "Show what would change" }), make("span", { class: "note", text: hint })),
    sentence, table, make("div", { class: "actions" }, confirm));
  show();
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
