/** Excitation of each muscle, and its force where forces are published. */

import { byId, Field, make, mark, Rows } from "../dom.js";
import { fixed, percent, words } from "../format.js";
import { explain } from "../unheard.js";
import { Plot } from "../plots/plot.js";

/** Forces that are published have come by then, s. */
const SURELY_S = 10;
const HOW = "Forces are not published. To see them, write muscles_hz = 50 under [output] of the set-up and start the run again.";

export function startMuscles(desk) {
  const plots = [];
  const list = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Excitations and forces of the muscles" });
  const how = make("p", { class: "empty", data: { field: "how" } });
  byId("muscles").append(how, list);
  const rows = new Rows(list, (name) => muscle(desk, name, plots));
  const hasForces = () => desk.meta?.series.some((name) => name.startsWith("force/")) ?? false;
  explain(desk, how, (unknown) => {
    if (hasForces()) return "";
    return unknown || (desk.isPredicting && desk.status.uptime_s > SURELY_S ? HOW : "");
  });
  desk.bus.on("layout", (meta) => {
    const publishes = hasForces();
    byId("muscles-hint").textContent = publishes ? "excitation, force along the tendon" : "excitation";
    if (rows.names === meta.muscles.join("\n")) return;
    desk.removePlots(plots);
    rows.have(meta.muscles);
  });
  desk.bus.on("now", (now) => {
    for (const [name, row] of rows.rows) row.show(now, name);
  });
}

function muscle(desk, name, plots) {
  const place = (kind) => () => desk.curves.place(`${kind}/${name}`);
  const plot = desk.addPlot(new Plot(desk, {
    height: 26, valueAxis: false, least: 0.05, label: `Force or excitation of ${words(name)} over time`,
    layers: [{ kind: "line", colour: "force", place: () => (place("force")() < 0 ? place("excitation")() : place("force")()), width: 1.3 }],
  }));
  plots.push(plot);
  const badge = make("span", { class: "badge warn", text: "synthesised", hidden: true, title: "Driven by what the other muscles do" });
  const excitation = make("span", { class: "number fresh", data: { field: "excitation" } });
  const force = make("span", { class: "number fresh", data: { field: "force" } });
  const node = make("article", { class: "muscle", data: { muscle: name } },
    make("b", { title: name }, words(name), " ", badge), make("div", {}, plot.node), excitation, force);
  const fields = { excitation: new Field(excitation, (value) => percent(value)), force: new Field(force, (value) => (value === null ? "" : fixed(0, "N")(value))) };
  const show = (now) => {
    fields.excitation.set(now.excitation?.[name] ?? null);
    fields.force.set(now.force?.[name] ?? null);
    const isSynthesised = now.synthesised?.includes(name) ?? false;
    if (badge.hidden === isSynthesised) badge.hidden = !isSynthesised;
    mark(node, "data-synthesised", String(isSynthesised));
  };
  return { node, show };
}
