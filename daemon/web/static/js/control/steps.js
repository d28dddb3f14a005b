/** The steps of a guided recording, in order: what to do, for how long, of which channel. */

/** Return rest, then each channel's contractions, a pause before each. */
export function stepsOf({ channels, repeats, effort, rest, pause }) {
  const steps = [{ kind: "ready", seconds: pause, channel: null, text: "Relax. Next: rest, keeping still." }, { kind: "rest", seconds: rest, channel: null, text: "Rest: keep still, every muscle slack." }];
  for (const channel of channels) {
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      const which = `${channel} (${repeat} of ${repeats})`;
      steps.push({ kind: "ready", seconds: pause, channel, text: `Relax. Next: ${which}.` });
      steps.push({ kind: "effort", seconds: effort, channel, text: `Contract ${which} as hard as you can, and hold.` });
    }
  }
  return steps;
}

/** Lead through steps by the clock; `show` is told ten times a second. False where it was stopped. */
export function lead(steps, show, isStopped) {
  return new Promise((done) => {
    let place = 0;
    let until = performance.now() + 1000 * steps[0].seconds;
    const timer = setInterval(() => {
      const left = (until - performance.now()) / 1000;
      if (isStopped()) return clearInterval(timer), done(false);
      if (left > 0) return show(steps[place], left, place);
      place += 1;
      if (place === steps.length) return clearInterval(timer), done(true);
      until += 1000 * steps[place].seconds;
    }, 100);
  });
}
