/** Why nothing is known: no panel says of the daemon what has not been heard of it. */

const LOOK_AGAIN_MS = 250;

/** Return why the daemon cannot be spoken of; empty where it is heard. */
export function unheard(desk) {
  const { connection, link, meta } = desk;
  if (connection.isRefused) return "No access, so nothing is known here.";
  if (connection.state !== "open") return "The page has no connection to its server, so nothing is known.";
  if (desk.hasEnded) return "The daemon has ended.";
  if (link && link.state !== "live") return meta ? "The daemon is not heard any more." : "No daemon has been heard yet.";
  return meta && desk.status ? "" : "Not heard yet.";
}

/** Keep in a paragraph why a panel is empty: that nothing is known, or what `own` says of a daemon that is heard. */
export function explain(desk, node, own) {
  const show = () => {
    const text = own(unheard(desk));
    if (node.textContent !== text) node.textContent = text;
    if (node.hidden !== !text) node.hidden = !text;
  };
  for (const kind of ["layout", "status", "link", "connection", "log", "parameters", "updates", "latency"]) desk.bus.on(kind, show);
  setInterval(show, LOOK_AGAIN_MS);
  show();
}
