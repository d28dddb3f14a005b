/** The WebSocket: says hello, hands on what it hears, and comes back by itself. */

import { decode } from "./frames.js";
import { forget, keep, token } from "./token.js";

const FIRST_WAIT_S = 0.5;
const LONGEST_WAIT_S = 8;
/** A socket without a frame for this long is as good as closed: `now` comes at 12 Hz. */
const SILENT_S = 6;
/** The server's code for who may not read, or speaks nonsense: asking again would not help. */
const REFUSED = 1008;
/** Refused twice within this time: no change of somebody's right, but something that asking does not mend. */
const REFUSED_AGAIN_S = 10;
const UNHEARD = "The page's server did not answer; try it again.";

export class Connection {
  #socket = null;
  #wait = FIRST_WAIT_S;
  #timer = 0;
  #view = null;
  #heardAt = 0;
  #refusedAt = -Infinity;

  constructor(bus) {
    this.bus = bus;
    setInterval(() => this.#watch(), 1000);
  }

  open() {
    clearTimeout(this.#timer);
    this.#drop();
    this.bus.emit("connection", { state: "connecting" });
    this.#take(dial(token(), () => this.#opened()));
  }

  /**
   * Try a token, or none for null, beside the stream, which goes on; a good one takes the stream over.
   * objection: says of the first frame why it is no good, or nothing. Resolves with why not, or nothing.
   */
  change(candidate, objection = () => "") {
    return new Promise((done) => {
      const socket = dial(candidate);
      const end = (sentence) => {
        clearTimeout(timer);
        hangUp(socket);
        done(sentence);
      };
      const timer = setTimeout(() => end(UNHEARD), 1000 * SILENT_S);
      socket.onclose = (event) => end(event.code === REFUSED ? event.reason : UNHEARD);
      socket.onmessage = ({ data }) => {
        const sentence = objection(decode(data));
        if (sentence) return end(sentence);
        clearTimeout(timer);
        if (candidate) keep(candidate);
        else forget();
        this.#adopt(socket, data);
        done("");
      };
    });
  }

  /** Go on with a socket that has been heard. */
  #adopt(socket, data) {
    clearTimeout(this.#timer);
    this.#drop();
    this.#take(socket);
    this.isOpen = false;
    if (this.#view) this.#say({ type: "view", ...this.#view });
    this.#hear(data);
  }

  #take(socket) {
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

  #opened() {
    this.#heardAt = performance.now();
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

  /** Whose token was taken away may still read where that needs none: ask once more. */
  async #refused(reason) {
    this.#socket = null;
    const isNew = performance.now() - this.#refusedAt > 1000 * REFUSED_AGAIN_S;
    this.#refusedAt = performance.now();
    const told = this.isOpen && isNew ? await this.change(token()) : reason;
    if (!told) return;
    if (told === UNHEARD) return this.#lost("");
    this.isOpen = false;
    this.bus.emit("connection", { state: "closed", isRefused: true, reason: told });
  }

  #watch() {
    if (!this.#socket || performance.now() - this.#heardAt < 1000 * SILENT_S) return;
    this.#drop();
    this.#lost("");
  }

  #drop() {
    if (!this.#socket) return;
    hangUp(this.#socket);
    this.#socket = null;
  }
}

/** Call the server; the first word says who is there. */
function dial(candidate, onOpen = () => {}) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "hello", token: candidate }));
    onOpen();
  };
  return socket;
}

function hangUp(socket) {
  socket.onclose = socket.onmessage = null;
  socket.close();
}
