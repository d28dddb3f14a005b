/** The status, to be read from across the room. */

import { byId, Field, mark } from "../dom.js";
import { age, clock, DASH } from "../format.js";

const WORDS = { LOST: "NO DAEMON", UNSERVED: "NO SERVER", REFUSED: "NO ACCESS", WAITING: "CONNECTING" };
const SHAPES = { WAITING: "STARTING", UNSERVED: "LOST", REFUSED: "LOST", SILENT: "STALE" };
/** What a status means, until the daemon's own sentence on it has come. */
const MEANINGS = {
  NOMINAL: "Every joint's moment comes from fresh input and lies within its limit.", DEGRADED: "Something is missing or limited.",
  CALIBRATING: "The parameters have not been shown to fit this person: no moment is ok.", STALE: "The input has stopped; the moments fade to zero.",
  STARTING: "No moment has been predicted yet; zeros are sent.", FAULT: "The prediction failed for at least one joint.", STOPPED: "The daemon has ended.",
};
/** What is shown in these states is old. */
const OLD = new Set(["LOST", "UNSERVED", "REFUSED", "SILENT"]);

export function startBanner(desk) {
  const banner = byId("banner");
  const use = byId("banner-shape");
  const word = new Field(byId("banner-word"), (state) => WORDS[state] ?? state);
  const sentence = new Field(byId("banner-sentence"));
  const since = new Field(byId("banner-since"));
  const announcement = new Field(byId("announcement"));
  const version = new Field(byId("clock-version"), (value) => value ?? DASH);
  const latency = new Field(byId("clock-latency"), (value) => (value === null ? DASH : `${value.toFixed(1)} ms`));
  const uptime = new Field(byId("clock"), (value) => clock(value));
  let shown = null;
  let sinceMs = performance.now();
  let isFromStart = false;

  const show = () => {
    const state = stateOf(desk);
    if (state !== shown) {
      isFromStart = shown !== null;
      shown = state;
      sinceMs = performance.now();
      mark(banner, "data-status", state);
      mark(use, "href", `#shape-${SHAPES[state] ?? state}`);
      document.title = `${WORDS[state] ?? state} · hillstream`;
    }
    word.set(state);
    sentence.set(sentenceOf(desk, state));
    since.set(sinceText(state, (performance.now() - sinceMs) / 1000, isFromStart, desk));
  };

  const announce = () => announcement.set(`${WORDS[shown] ?? shown}. ${announced(desk, shown)}`);
  let lastWord = null;
  setInterval(() => {
    show();
    if (shown !== lastWord) announce();
    lastWord = shown;
  }, 200);
  desk.bus.on("now", (now) => {
    version.set(desk.version);
    desk.wordNow = now.status;
    if (desk.status) uptime.set(Math.floor((now.t ?? desk.view.newest) - desk.origin()));
  });
  desk.bus.on("status", () => {
    desk.wordNow = null;
    version.set(desk.version);
    latency.set(desk.status.latency_ms?.p99 ?? null);
    show();
  });
  desk.bus.on("link", show);
  desk.bus.on("connection", show);
  desk.bus.on("layout", (meta) => (byId("title").textContent = meta.title));
}

function stateOf(desk) {
  if (desk.connection.isRefused) return "REFUSED";
  if (desk.connection.state !== "open") return desk.meta || desk.connection.state === "closed" ? "UNSERVED" : "WAITING";
  if (desk.link?.state === "lost") return "LOST";
  if (desk.link?.state === "silent") return "SILENT";
  return desk.wordNow ?? desk.status?.status ?? "WAITING";
}

function sentenceOf(desk, state) {
  if (desk.connection.state !== "open") return disconnected(desk.connection);
  if (state === "LOST" && !desk.meta) return desk.link.sentence;
  if (state === "LOST") return `No daemon: last heard ${age(desk.silentFor)} ago. ${desk.link.sentence}`;
  if (state === "SILENT") return `Last heard ${age(desk.silentFor)} ago. ${desk.link.sentence}`;
  if (!desk.status) return "The daemon has not reported yet.";
  if (desk.status.status !== state) return MEANINGS[state] ?? "";
  const { note, doubt } = desk.status;
  if (doubt && !note.includes(doubt)) return note ? `${note} ${doubt}` : doubt;
  return note || "";
}

/** What a screen reader is told: without the seconds that count up. */
function announced(desk, state) {
  if (OLD.has(state) || state === "WAITING") return "";
  return sentenceOf(desk, state);
}

function disconnected(connection) {
  if (connection.state === "connecting") return "The page is calling its server.";
  if (connection.isRefused) return connection.reason;
  const left = Math.max(0, (connection.retryAt - performance.now()) / 1000);
  const cause = connection.reason || "The page has lost its server, 'hillstream web'.";
  return `${cause} Trying again in ${Math.ceil(left)} s.`;
}

function sinceText(state, seconds, isFromStart, desk) {
  if (state === "WAITING") return "";
  if (OLD.has(state)) return desk.meta ? `what is shown is ${age(desk.silentFor)} old` : "";
  return `${isFromStart ? "for" : "for at least"} ${age(Math.floor(seconds))}`.replace(/\.0 s/, " s");
}
