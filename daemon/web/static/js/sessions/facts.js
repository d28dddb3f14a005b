/** What there is to know of one session. */

import { make } from "../dom.js";
import { clock, DASH, digits, words } from "../format.js";
import { token } from "../token.js";

const DOWNLOADS = [["csv", "CSV"], ["parquet", "Parquet"], ["figures", "Figures"], ["subject", "Person (JSON)"]];

/** Return the panel of one session; `fetch` is asked for its files. */
export function facts(session, fetch) {
  return make("section", { class: "panel", "aria-label": session.name },
    make("header", {}, make("h2", { text: session.name }), make("p", { class: "hint", text: session.title })),
    make("div", { class: "body" }, ...session.summary.map((sentence) => make("p", { text: sentence })), files(session, fetch), numbers(session), ...tables(session)));
}

function files(session, fetch) {
  const report = token()
    ? make("button", { type: "button", class: "primary", text: "Report", on: { click: () => fetch("report") } })
    : make("a", { class: "button", href: `/sessions/${encodeURIComponent(session.name)}/report`, target: "_blank", rel: "noopener", text: "Report" });
  return make("div", { class: "row" }, report, ...DOWNLOADS.map(([what, text]) => make("button", { type: "button", text: `↓ ${text}`, on: { click: () => fetch(`download/${what}`) } })));
}

function numbers(session) {
  const fact = (name, value) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }));
  const { tried, accepted, rejected } = session.updates;
  const updates = Object.entries({ "updates tried": tried, accepted, rejected }).map(([name, count]) => fact(name, String(count ?? DASH)));
  return make("dl", { class: "facts" }, fact("started", session.started.slice(0, 19).replace("T", " ")), fact("lasted", clock(Math.round(session.seconds))), fact("last set", String(session.version ?? DASH)), ...updates);
}

function tables(session) {
  const errors = Object.entries(session.rmse).map(([dof, { first_minute: first, last_minute: last }]) => [words(dof), digits(first, 3), digits(last, 3)]);
  const marks = session.marks.map(({ t, text }) => [clock(t), text]);
  const verdicts = session.muscle_verdicts.map(({ muscle, kind, sentence }) => [words(muscle), kind, sentence]);
  return [
    errors.length ? table("Error against the reference, RMSE, N·m", ["Joint", "First minute", "Last minute"], errors) : make("p", { class: "empty", text: "Without a reference there is no error to tell." }),
    marks.length ? table("Marks", ["Time", "Mark"], marks) : null,
    verdicts.length ? table("Muscles", ["Muscle", "Verdict", "Why"], verdicts) : null,
  ].filter(Boolean);
}

/** Return a table with a heading. */
export function table(title, heads, rows) {
  return make("div", { class: "wrap" }, make("h3", { text: title }), make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((text) => make("td", { text })))))));
}
