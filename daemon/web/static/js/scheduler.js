/** Draws what has changed, once a frame, and only what can be seen. */

/** So long a frame may draw, ms; what is left over comes first in the next, so that no task is long. */
const BUDGET_MS = 8;

const seen = new Set();
const due = new Set();
let asked = false;

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const drawing = entry.target.drawing;
    if (entry.isIntersecting) seen.add(drawing);
    else seen.delete(drawing);
    if (entry.isIntersecting) invalidate(drawing);
  }
}, { rootMargin: "60px" });

/** Have something drawn from now on whenever it is invalid and visible. */
export function enrol(element, drawing) {
  element.drawing = drawing;
  watcher.observe(element);
}

/** Leave something out from now on. */
export function dismiss(element, drawing) {
  watcher.unobserve(element);
  seen.delete(drawing);
  due.delete(drawing);
}

/** Ask for something to be drawn in the next frame. */
export function invalidate(drawing) {
  due.add(drawing);
  ask();
}

function ask() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(drawAll);
}

function drawAll() {
  asked = false;
  const until = performance.now() + BUDGET_MS;
  for (const drawing of due) {
    due.delete(drawing); // whatever becomes visible is asked for anew
    if (!seen.has(drawing)) continue;
    drawing.draw();
    if (performance.now() > until) break;
  }
  if (due.size) ask();
}
