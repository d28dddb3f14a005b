/** The window of time: buttons, keys, wheel and fingers. */

import { byId, make } from "./dom.js";
import { clock } from "./format.js";

const WINDOWS = [[5, "5 s"], [10, "10 s"], [30, "30 s"], [60, "1 min"], [300, "5 min"], [1800, "30 min"]];
const ASK_AFTER_MS = 80;

export function startTimebar(desk, connection) {
  const { view } = desk;
  const buttons = WINDOWS.map(([seconds, text]) => make("button", { type: "button", text, "aria-pressed": "false", data: { seconds }, on: { click: () => view.last(seconds) } }));
  const freeze = make("button", { type: "button", class: "tool", id: "freeze", text: "Freeze", "aria-keyshortcuts": "Space", on: { click: () => view.toggle() } });
  const state = make("span", { class: "view-state", data: { field: "view" } });
  byId("time").append(make("div", { class: "segments", role: "group", "aria-label": "Length of the window" }, ...buttons), freeze, state);
  const show = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(Math.abs(view.seconds - button.dataset.seconds) < 1e-6));
    freeze.textContent = view.follows ? "Freeze" : "Back to live";
    freeze.setAttribute("aria-pressed", String(!view.follows));
    state.className = view.follows ? "view-state" : "view-state frozen";
    const text = stateText(desk);
    if (state.textContent !== text) state.textContent = text;
  };
  let timer = 0;
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.look(view.request), ASK_AFTER_MS);
  };
  view.onChange(() => (show(), ask()));
  desk.bus.on("layout", ask);
  setInterval(show, 250);
  show();
}

function stateText({ view, origin }) {
  const isPreset = WINDOWS.some(([seconds]) => Math.abs(view.seconds - seconds) < 1e-6);
  const length = `${view.seconds.toFixed(1)} s`;
  if (view.follows) return isPreset ? "" : `the last ${length}`;
  return `${isPreset ? "frozen at" : `${length} to`} ${clock(view.reached - origin(), 1)}, ${clock(view.newest - view.reached)} behind`;
}
