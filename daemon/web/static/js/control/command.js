/** A command to the daemon: a ticket for one use, then the command itself. */

import { authorization } from "../token.js";

const UNHEARD = "The page's server did not answer, so it is not known whether the daemon did this.";

/** Return the daemon's reply {ok, sentence, data}, or a refusal of the same form. */
export async function command(name, more = {}) {
  try {
    const ticket = await post("/ticket", undefined);
    if (!ticket.body.ticket) return { ok: false, sentence: ticket.body.sentence ?? UNHEARD, data: {} };
    const reply = await post("/command", { ticket: ticket.body.ticket, command: name, ...more });
    return { ok: reply.ok && reply.body.ok === true, sentence: reply.body.sentence ?? UNHEARD, data: reply.body.data ?? {} };
  } catch {
    return { ok: false, sentence: UNHEARD, data: {} };
  }
}

async function post(path, body) {
  const headers = { ...authorization(), ...(body ? { "Content-Type": "application/json" } : {}) };
  const response = await fetch(path, { method: "POST", headers, body: body && JSON.stringify(body) });
  return { ok: response.ok, body: await response.json() };
}
