/** Dark, light or as the system; and the colours that canvases draw with. */

import { byId } from "./dom.js";

const KEY = "hillstream-theme";
const ORDER = ["auto", "light", "dark"];
const NAMES = { auto: "Auto", light: "Light", dark: "Dark" };
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

/** Colours by the name of their CSS variable without the dashes. */
export const palette = {};

let chosen = ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto";

export function onTheme(run) {
  listeners.push(run);
}

export function nextTheme() {
  chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length];
  localStorage.setItem(KEY, chosen);
  apply();
}

function apply() {
  const dark = chosen === "dark" || (chosen === "auto" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "soft", "faint", "line", "grid", "predicted", "band", "reference", "error", "error-wash",
    "level", "excitation", "force", "mark", "good", "bad", "warn", "info", "mute", "accent", "panel"]) {
    palette[name] = style.getPropertyValue(`--${name}`).trim();
  }
  const button = byId("theme");
  button.textContent = NAMES[chosen];
  button.setAttribute("aria-label", `Colours: ${NAMES[chosen]}`);
  for (const run of listeners) run();
}

export function startTheme() {
  system.addEventListener("change", apply);
  byId("theme").addEventListener("click", nextTheme);
  apply();
}
