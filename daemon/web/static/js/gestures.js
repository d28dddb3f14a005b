/** Fingers on the plots: two zoom, one moves along; a wheel with Ctrl zooms. The mouse drags a zoom by uPlot. */

const LEAST_MOVE_PX = 10;

export function startGestures(host, view) {
  const fingers = new Map();
  let moved = false;
  const timeAt = (plot, x) => {
    const over = plot.querySelector(".u-over")?.getBoundingClientRect();
    if (!over) return view.end;
    return view.start + ((x - over.left) / over.width) * view.seconds;
  };
  host.addEventListener("pointerdown", (event) => {
    const plot = event.target.closest?.(".plot");
    if (event.pointerType !== "touch" || !plot?.querySelector(".u-over")) return;
    fingers.set(event.pointerId, { x: event.clientX, plot });
    moved = false;
  });
  host.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    if (fingers.size === 2) pinch(event, finger);
    else if (fingers.size === 1) slide(event, finger);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) host.addEventListener(name, (event) => fingers.delete(event.pointerId), true);
  host.addEventListener("wheel", (event) => {
    const plot = event.target.closest?.(".plot");
    if (!plot?.querySelector(".u-over") || !(event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) return;
    event.preventDefault();
    if (event.ctrlKey) view.scale(Math.exp(event.deltaY / 300), timeAt(plot, event.clientX));
    else view.pan(event.deltaX / 800);
  }, { passive: false });

  function pinch(event, finger) {
    const [, other] = [...fingers].find(([id]) => id !== event.pointerId);
    const before = Math.abs(finger.x - other.x);
    const now = Math.abs(event.clientX - other.x);
    if (before < LEAST_MOVE_PX || now < LEAST_MOVE_PX) return;
    view.scale(before / now, timeAt(finger.plot, (event.clientX + other.x) / 2));
    finger.x = event.clientX;
  }

  function slide(event, finger) {
    const shift = event.clientX - finger.x;
    if (!moved && Math.abs(shift) < LEAST_MOVE_PX) return;
    moved = true;
    const over = finger.plot.querySelector(".u-over").getBoundingClientRect();
    view.pan(-shift / over.width);
    finger.x = event.clientX;
  }
}
