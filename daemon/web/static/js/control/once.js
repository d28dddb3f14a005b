/** A button does one thing at a time: it is disabled while that is under way, and against a double click. */

const LEAST_MS = 500;
const busy = new Set();
const forbidden = new WeakSet();

/** Do something for a button, unless it is at it already. */
export async function once(button, run) {
  if (busy.has(button)) return;
  const hadFocus = document.activeElement === button;
  busy.add(button);
  button.disabled = true;
  try {
    await Promise.all([run(), new Promise((done) => setTimeout(done, LEAST_MS))]);
  } finally {
    busy.delete(button);
    allow(button, !forbidden.has(button));
    if (hadFocus && document.activeElement === document.body) button.focus();
  }
}

/** Let a button be pressed or not, apart from what it is at. */
export function allow(button, isAllowed) {
  if (isAllowed) forbidden.delete(button);
  else forbidden.add(button);
  button.disabled = !isAllowed || busy.has(button);
}

/** Return a button that a click meant for what stood there before does not press. */
export function fresh(button) {
  once(button, () => {});
  return button;
}
