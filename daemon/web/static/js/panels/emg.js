/** Level of each EMG channel, what it excites, and what is wrong with it. */

import { byId, Field, make, mark, Rows } from "../dom.js";
import { percent } from "../format.js";
import { Plot } from "../plots/plot.js";
import { noMoment } from "./joints.js";
import { showSpectrum } from "./spectrum.js";

/** Above this share of MVC the MVC is too low to be believed. */
const OVER = 1.1;
const QUALITIES = { ok: "good", "over MVC": "warn", faulty: "bad", "no level": "" };

export function startEmg(desk) {
  const plots = [];
  const rows = new Rows(byId("emg"), (name) => channel(desk, name, plots));
  desk.bus.on("layout", (meta) => {
    const names = meta.channels ?? [];
    if (rows.names === names.join("\n") && names.length) return;
    desk.removePlots(plots);
    rows.have(names);
    if (!names.length) byId("emg").replaceChildren(make("p", { class: "empty", text: "This daemon does not name its EMG channels." }));
  });
  desk.bus.on("now", (now) => {
    for (const [name, row] of rows.rows) row.show(now, name);
  });
  desk.bus.on("status", () => {
    for (const [name, row] of rows.rows) row.fault.set(desk.status.channels?.[name] ?? "");
  });
}

function channel(desk, name, plots) {
  const plot = desk.addPlot(new Plot(desk, {
    height: 30, fixed: [0, 1], valueAxis: false, label: `Level of ${name} over time`,
    layers: [{ kind: "line", colour: "level", place: () => desk.curves.place(`level/${name}`), width: 1.4 }],
    why: () => (desk.isLive && desk.view.follows ? "No levels come; is output.signals_hz 0?" : noMoment(desk)),
  }));
  plots.push(plot);
  return row(desk, name, plot);
}

function row(desk, name, plot) {
  const fill = make("i");
  const tick = make("b", { hidden: true, data: { field: "excitation" } });
  const bar = make("div", { class: "level", "aria-hidden": "true" }, fill, tick);
  const badge = make("span", { class: "badge", data: { field: "quality" } });
  const value = make("span", { class: "value fresh", data: { field: "level" } });
  const note = make("p", { class: "note fault", data: { field: "fault" } });
  const open = make("button", { type: "button", class: "channel-name", title: `${name}: show its spectrum`, on: { click: () => showSpectrum(desk, name) } },
    make("span", { text: name }), badge);
  const node = make("article", { class: "channel", data: { channel: name } }, open, make("div", {}, plot.node, bar), value, note);
  const level = new Field(value, (share) => percent(share));
  const fault = new Field(note);
  const quality = new Field(badge);
  const show = (now) => {
    const share = now.level?.[name] ?? null;
    const excitation = now.excitation?.[name] ?? null;
    level.set(share);
    fill.style.transform = `scaleX(${Math.min(1, Math.max(0, share ?? 0)).toFixed(3)})`;
    tick.hidden = excitation === null;
    if (excitation !== null) {
      tick.style.left = `${(100 * Math.min(1, excitation)).toFixed(1)}%`;
      tick.dataset.value = excitation;
    }
    const word = fault.value ? "faulty" : share === null ? "no level" : share > OVER ? "over MVC" : "ok";
    quality.set(word);
    mark(badge, "class", `badge ${QUALITIES[word]}`);
    mark(bar, "class", `level${word === "over MVC" ? " over" : word === "faulty" ? " mute" : ""}`);
  };
  return { node, show, fault };
}
