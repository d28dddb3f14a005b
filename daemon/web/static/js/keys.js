/** Single keys, and the dialog that lists them. */

import { byId, make, openDialog } from "./dom.js";
import { MEANINGS } from "./panels/joints.js";
import { nextTheme } from "./theme.js";
import { LETTERS } from "./verdicts.js";

const KEY = "hillstream-keys";
const LIST = [
  [["Space"], "freeze the plots, or go back to live; the stream goes on"], [["L"], "back to live"],
  [["1", "–", "6"], "5 s, 10 s, 30 s, 1 min, 5 min, 30 min"], [["+", "−"], "shorter or longer window"], [["←", "→"], "a quarter of the window back or on"],
  [["M"], "write a mark"], [["P"], "to the control panel"], [["S"], "sessions, or back to the live page"], [["T"], "dark, light or as the system"], [["?"], "this list"],
];
const GESTURES = [
  ["Drag across a plot", "zoom into that stretch"], ["Double click", "back to live"], ["Ctrl + wheel", "zoom at the pointer"],
  ["Two fingers", "zoom"], ["One finger sideways", "move along in time"], ["A channel's name", "its spectrum"],
];
const SECONDS = [5, 10, 30, 60, 300, 1800];

export function startKeys(desk) {
  const { view } = desk;
  const actions = {
    " ": () => view.toggle(), l: () => view.follow(), "+": () => view.scale(0.5), "=": () => view.scale(0.5), "-": () => view.scale(2),
    ArrowLeft: () => view.pan(-0.25), ArrowRight: () => view.pan(0.25), t: nextTheme, "?": help,
    m: () => byId("mark-text")?.focus(), p: () => byId("control").querySelector("button, input")?.focus(),
    s: () => (location.hash = location.hash === "#sessions" ? "#live" : "#sessions"),
  };
  SECONDS.forEach((seconds, place) => (actions[place + 1] = () => view.last(seconds)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isBusy(event)) return;
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action || (localStorage.getItem(KEY) === "off" && event.key !== "?")) return;
    event.preventDefault();
    action();
  });
  byId("help-open").addEventListener("click", help);
}

/** Tell whether a key belongs to what has the focus. */
function isBusy(event) {
  if (document.querySelector("dialog[open]")) return true;
  if (event.target.closest("input, select, textarea")) return true;
  if (event.key.startsWith("Arrow")) return Boolean(event.target.closest(".scroll, .log-list, .verdicts"));
  return event.key === " " && Boolean(event.target.closest("button, a, .scroll, .log-list"));
}

const list = (pairs, style = "keys") => make("dl", { class: style }, ...pairs.flatMap(([name, what]) => [make("dt", { text: name }), make("dd", { text: what })]));

function help() {
  const keys = make("dl", { class: "keys" }, ...LIST.flatMap(([names, what]) => [make("dt", {}, ...names.map((name) => (name === "–" ? "–" : make("kbd", { text: name })))), make("dd", { text: what })]));
  const check = make("input", { type: "checkbox", on: { change: () => localStorage.setItem(KEY, check.checked ? "on" : "off") } });
  check.checked = localStorage.getItem(KEY) !== "off";
  openDialog(byId("help"), "Keys and gestures", keys, make("h3", { text: "Mouse and fingers" }), list(GESTURES),
    make("h3", { text: "Short names of a joint" }), list(Object.entries(MEANINGS)), make("h3", { text: "Letters of the calibrator" }), list(LETTERS, "keys letters"), make("p", { class: "row" }, make("label", { class: "row" }, check, "Single keys do something")));
}
