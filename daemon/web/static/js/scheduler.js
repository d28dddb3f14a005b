/** Draws what has changed, once a frame, and only what can be seen. */

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
  if (asked) return;
  asked = true;
  requestAnimationFrame(drawAll);
}

function drawAll() {
  asked = false;
  for (const drawing of due) {
    if (!seen.has(drawing)) continue;
    due.delete(drawing);
    drawing.draw();
  }
}
