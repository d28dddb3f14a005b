/** The spectrum of one channel's raw EMG, asked for again while it is looked at. */

import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { byId, make, openDialog } from "../dom.js";
import { digits } from "../format.js";
import { palette } from "../theme.js";
import { authorization } from "../token.js";

const AGAIN_MS = 2000;
const TO_MICROVOLTS = 1e12;

export function showSpectrum(desk, channel) {
  const dialog = byId("spectrum");
  const host = make("div", { class: "plot" });
  const facts = make("p", { class: "note", role: "status" });
  openDialog(dialog, `Spectrum of ${channel}`, host, facts);
  let u = null;
  const ask = async () => {
    const answer = await fetchSpectrum(channel);
    if (!dialog.open) return;
    facts.textContent = answer.sentence;
    if (answer.hz) u = drawn(u, host, answer);
  };
  ask();
  const timer = setInterval(ask, AGAIN_MS);
  dialog.addEventListener("close", () => (clearInterval(timer), u?.destroy()), { once: true });
}

async function fetchSpectrum(channel) {
  try {
    const response = await fetch(`/spectrum/${encodeURIComponent(channel)}`, { headers: authorization() });
    const answer = await response.json();
    if (!response.ok) return { sentence: answer.sentence };
    return { ...answer, sentence: `Median frequency ${digits(answer.median_hz, 3)} Hz, from the last ${digits(answer.seconds, 2)} s of raw EMG.` };
  } catch {
    return { sentence: "The page's server did not answer; the spectrum is asked for again." };
  }
}

function drawn(u, host, answer) {
  const data = [answer.hz, answer.density.map((value) => value * TO_MICROVOLTS)];
  host.median = answer.median_hz;
  host.dataset.value = answer.median_hz;
  if (u) return u.setData(data), u;
  return new uPlot({
    width: host.clientWidth, height: 280, legend: { show: false }, cursor: { y: false },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, high || 1] } },
    series: [{}, { stroke: () => palette.level, fill: () => palette.band, width: 1.5, points: { show: false } }],
    axes: [axis("frequency, Hz"), { ...axis("density, µV²/Hz"), size: 62 }],
    hooks: { draw: [(plot) => medianLine(plot, host.median)] },
  }, data, host);
}

const axis = (label) => ({
  label, labelSize: 18, labelFont: "12px system-ui", font: "11px system-ui", stroke: () => palette.faint,
  grid: { stroke: () => palette.grid, width: 1 }, ticks: { show: false },
});

function medianLine(u, median) {
  if (!median) return;
  const x = u.valToPos(median, "x", true);
  u.ctx.save();
  u.ctx.strokeStyle = palette.mark;
  u.ctx.setLineDash([5, 4]);
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.restore();
}
