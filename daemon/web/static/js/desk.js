/** What all panels share: the newest of everything, the curves, the window, and all plots. */

import { Curves } from "./curves.js";
import { invalidate } from "./scheduler.js";
import { View } from "./view.js";

export class Desk {
  #origin = 0;
  #plots = new Set();
  view = new View();
  curves = new Curves();
  /** Times of the operator's marks, s on the LSL clock. */
  marks = [];
  meta = null;
  status = null;
  /** The newest moments, levels and forces. */
  now = null;
  link = null;
  connection = { state: "connecting" };
  #silent = 0;
  #heardAt = performance.now();

  constructor(bus) {
    this.bus = bus;
    this.origin = () => this.#origin;
    bus.on("meta", (meta) => this.#begin(meta));
    bus.on("status", (frame) => this.#learn(statusOf(frame)));
    bus.on("link", (link) => this.#linked(link));
    bus.on("now", (now) => this.#heard(now));
    bus.on("curves", (frame) => this.#draw(frame));
    bus.on("connection", (connection) => {
      this.connection = connection;
      document.documentElement.dataset.connection = connection.state;
    });
    this.view.onChange(() => this.refresh());
  }

  /** Seconds since the daemon was last heard. */
  get silentFor() {
    return this.#silent + (performance.now() - this.#heardAt) / 1000;
  }

  /** Whether the daemon said itself that it ends. */
  get hasEnded() {
    return this.status?.status === "STOPPED" && this.link?.state !== "live";
  }

  /** Which parameter set the moments are predicted with: the one number that all panels tell. */
  get version() {
    return this.now?.parameter_version ?? this.status?.calibrator?.version ?? null;
  }

  /** Whether a prediction has come: zeros are sent before the first and after the last. */
  get isPredicting() {
    return this.now !== null && this.now.status !== null && !["STARTING", "STOPPED"].includes(this.now.status) && !this.hasEnded;
  }

  get isLive() {
    return this.connection.state === "open" && this.link?.state === "live";
  }

  get isFollowed() {
    return this.view.follows;
  }

  addPlot(plot) {
    this.#plots.add(plot);
    return plot;
  }

  removePlots(plots) {
    for (const plot of plots) {
      this.#plots.delete(plot);
      plot.destroy();
    }
    plots.length = 0;
  }

  refresh() {
    for (const plot of this.#plots) invalidate(plot);
  }

  #begin(meta) {
    if (this.meta && this.meta.session !== meta.session) this.view.hasEarlier = true;
    if (this.meta?.session !== meta.session) [this.status, this.now] = [null, null];
    this.meta = meta;
    this.curves.begin(meta.series);
    this.view.buckets = meta.buckets_s;
    this.view.newest = 0;
    this.bus.emit("layout", meta);
  }

  #learn(status) {
    this.status = status;
    const origin = status.t - status.uptime_s;
    if (Math.abs(origin - this.#origin) <= 0.5) return;
    this.view.origin = this.#origin = origin;
    this.bus.emit("origin", origin);
  }

  #linked(link) {
    this.link = link;
    this.#silent = link.since_s ?? 0;
    this.#heardAt = performance.now();
    document.documentElement.dataset.link = link.state;
  }

  #draw(frame) {
    if (!this.curves.take(frame)) return;
    this.#reach((this.curves.last + 1) * this.curves.bucket);
    this.refresh();
  }

  #reach(time) {
    if (time > this.view.newest) this.view.newest = time;
  }

  #heard(now) {
    this.now = now;
    this.#silent = now.silent_s;
    this.#heardAt = performance.now();
    if (now.t !== null) this.#reach(now.t);
  }
}

/** Return the status message of a frame, whether it is the frame's or stands in it. */
const statusOf = (frame) => (typeof frame.status === "object" ? frame.status : frame);
