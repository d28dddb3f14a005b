/** Predicted, reference and error of each joint. */

import { byId, Field, make, mark, Rows } from "../dom.js";
import { clock, DASH, fixed, words } from "../format.js";
import { Plot } from "../plots/plot.js";

const SDS = 2;
/** So few stand in one row, which has the height of two: heights of moment and error, px. */
const FEW = 2;
const [TALL, LOW] = [[300, 120], [130, 58]];
/** What the short names mean. */
export const MEANINGS = {
  ref: "newest reference moment", err: "predicted minus reference moment, both of the reference's own time, which is a little earlier than now",
  rmse: "root mean square of the error over the last full second, N·m", k: "stiffness of the joint: how much its moment changes with its angle",
};
const moment = fixed(2, "N·m");

export function startJoints(desk) {
  const plots = [];
  const rows = new Rows(byId("joints"), (dof) => joint(desk, dof, plots));
  legend();
  desk.bus.on("layout", (meta) => {
    if (rows.names === meta.dofs.join("\n")) return;
    desk.removePlots(plots);
    rows.have(meta.dofs);
  });
  desk.bus.on("now", (now) => {
    let place = 0;
    for (const [dof, row] of rows.rows) {
      row.show(now, dof, now.ok?.[place] ?? false, desk.isPredicting);
      place += 1;
    }
  });
  desk.bus.on("status", () => {
    for (const [dof, row] of rows.rows) row.rmse.set(desk.status.rmse?.[dof] ?? null);
  });
}

function legend() {
  const item = (kind, text) => make("li", {}, make("span", { class: `key ${kind}` }), text);
  byId("joint-legend").append(item("", "predicted"), item("band", "±2 sd"), item("reference", "reference"), item("error", "error"));
}

function joint(desk, dof, plots) {
  const { curves } = desk;
  const place = (kind) => () => curves.place(`${kind}/${dof}`);
  const readout = make("p", { class: "readout" });
  const over = readoutOf(desk, dof, readout);
  const [height, errorHeight] = desk.meta.dofs.length > FEW ? LOW : TALL;
  const main = desk.addPlot(new Plot(desk, {
    height, label: `Predicted and reference moment of ${words(dof)} over time`, onCursor: over,
    layers: [
      { kind: "band", colour: "band", place: place("predicted"), half: place("deviation"), times: SDS },
      { kind: "line", colour: "predicted", place: place("predicted"), width: 1.6 },
      { kind: "line", colour: "reference", place: place("reference"), width: 1.2 },
    ],
    why: () => noMoment(desk),
  }));
  const error = desk.addPlot(new Plot(desk, {
    height: errorHeight, timeAxis: true, label: `Error of ${words(dof)} over time`, onCursor: over,
    layers: [
      { kind: "area", colour: "error", place: place("error") },
    ],
    why: () => noError(desk, dof),
  }));
  plots.push(main, error);
  return { ...numbers(dof, main, error, readout) };
}

function numbers(dof, main, error, readout) {
  const field = (name, className, format) => {
    const node = make("dd", { class: `${className} fresh`, data: { field: name }, text: DASH });
    return [node, new Field(node, format)];
  };
  const [predicted, predictedField] = field("moment", "big", moment);
  const [sd, sdField] = field("deviation", "sd", (value) => (value === null ? "" : `±${fixed(2)(value)}`));
  const [reference, referenceField] = field("reference", "reference", moment);
  const [wrong, errorField] = field("error", "error", moment);
  const [stiffness, stiffnessField] = field("stiffness", "", fixed(1, "N·m/rad"));
  const [rmse, rmseField] = field("rmse", "", fixed(2));
  const badge = make("span", { class: "badge", data: { field: "ok" } });
  const okField = new Field(badge, (ok) => (ok ? "✓ ok" : "✕ not ok"));
  const fact = (name, node) => make("div", { title: MEANINGS[name] }, make("dt", { text: `${name} ` }), node);
  const node = make("article", { class: "joint", data: { dof } },
    make("div", { class: "joint-head" }, make("h3", { text: words(dof), title: dof }), badge, make("dl", { class: "joint-value" }, make("dt", { class: "visually-hidden", text: "predicted moment" }), predicted, make("dt", { class: "visually-hidden", text: "standard deviation" }), sd)),
    make("dl", { class: "joint-facts" }, fact("ref", reference), fact("err", wrong), fact("rmse", rmse), fact("k", stiffness)),
    main.node, error.node, readout);
  const show = (now, name, ok, isPredicting) => {
    predictedField.set(isPredicting ? now.moment?.[name] ?? null : null);
    sdField.set(isPredicting ? now.deviation?.[name] ?? null : null);
    referenceField.set(now.reference?.[name] ?? null);
    errorField.set(now.error?.[name] ?? null);
    stiffnessField.set(now.stiffness?.[name] ?? null);
    okField.set(ok);
    mark(badge, "class", `badge ${ok ? "good" : "warn"}`);
  };
  return { node, show, rmse: rmseField };
}

/** Return what writes the values at the pointer beneath a joint's plots. */
function readoutOf(desk, dof, node) {
  const field = new Field(node);
  const at = (kind, index) => fixed(2)(desk.curves.middle(desk.curves.place(`${kind}/${dof}`), index));
  return (time) => {
    if (!Number.isFinite(time)) return field.write("");
    const index = desk.curves.at(time);
    const when = clock(time - desk.origin(), 1);
    field.write(`${when}  predicted ${at("predicted", index)} ±${at("deviation", index)}, reference ${at("reference", index)}, error ${at("error", index)} N·m`);
  };
}

/** Say why there is no curve. */
export function noMoment(desk) {
  if (!desk.view.follows) return "Nothing was kept from this time.";
  if (!desk.isLive) return "No daemon is heard, so nothing is drawn.";
  const waiting = desk.status?.streams?.find((stream) => stream.state !== "LIVE");
  if (waiting) return `${waiting.key}: ${waiting.note || waiting.state.toLowerCase()}`;
  return "No moment has been predicted in this window yet.";
}

function noError(desk, dof) {
  if (desk.curves.place(`error/${dof}`) < 0) return "This run has no reference for this joint, so no error.";
  if (!desk.view.follows || !desk.isLive) return "";
  return "No reference in this window, so no error.";
}
