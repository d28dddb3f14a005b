/** The WebSocket: says hello, hands on what it hears, and comes back by itself. */

import { decode } from "./frames.js";
import { token } from "./token.js";

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 8;
/** A socket without a frame for this long is as good as closed: `now` comes at 12 Hz. */
const SILENT_S = 6;
/** The server's code for who may not read, or speaks nonsense: asking again would not help. */
const REFUSED = 1008;

export class Connection {
  #socket = null;
  #wait = FIRST_WAIT_S;
  #timer = 0;
  #view = null;
  #heardAt = 0;

  constructor(bus) {
    this.bus = bus;
    setInterval(() => this.#watch(), 1000);
  }

  open() {
    clearTimeout(this.#timer);
    this.#drop();
    this.bus.emit("connection", { state: "connecting" });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = (event) => (event.code === REFUSED ? this.#refused(event.reason) : this.#lost(event.reason));
    this.#socket = socket;
    this.#heardAt = performance.now();
  }

  /** Say what is looked at; said again after each reconnection. */
  look(view) {
    this.#view = view;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#say({ type: "view", ...view });
  }

  #greet(socket) {
    this.#heardAt = performance.now();
    socket.send(JSON.stringify({ type: "hello", token: token() }));
    if (this.#view) this.#say({ type: "view", ...this.#view });
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #hear(data) {
    this.#heardAt = performance.now();
    if (this.#wait !== FIRST_WAIT_S || !this.isOpen) {
      this.#wait = FIRST_WAIT_S;
      this.isOpen = true;
      this.bus.emit("connection", { state: "open" });
    }
    const frame = decode(data);
    this.bus.emit(frame.type, frame);
  }

  #lost(reason) {
    this.isOpen = false;
    this.#socket = null;
    this.bus.emit("connection", { state: "closed", reason, retryAt: performance.now() + 1000 * this.#wait });
    this.#timer = setTimeout(() => this.open(), 1000 * this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_S);
  }

  #refused(reason) {
    this.isOpen = false;
    this.#socket = null;
    this.bus.emit("connection", { state: "closed", isRefused: true, reason });
  }

  #watch() {
    if (!this.#socket || performance.now() - this.#heardAt < 1000 * SILENT_S) return;
    this.#drop();
    this.#lost("");
  }

  #drop() {
    if (!this.#socket) return;
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
    this.#socket = null;
  }
}
