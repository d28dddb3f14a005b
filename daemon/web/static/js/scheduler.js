/** Draws what has changed, once a frame, and only what can be seen. */

/**
 * So many are drawn in a frame at most; what is left over comes first in the next, so that no task is long. A number
 * and not a time: uPlot draws after its call has returned, and handing a canvas to the screen, the dearer part where
 * there is no graphics card, comes later still.
 */
const MOST_IN_A_FRAME = 6;

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
  let left = MOST_IN_A_FRAME;
  for (const drawing of due) {
    due.delete(drawing); // whatever becomes visible is asked for anew
    if (!seen.has(drawing)) continue;
    drawing.draw();
    left -= 1;
    if (!left) break;
  }
  if (due.size) ask();
}
