/** Letter, tone and meaning of what the calibrator says of an update; the letter tells it where colours do not. */

import { words } from "./format.js";

const VERDICTS = {
  ok: ["A", "good", "accepted"], at_bounds: ["B", "good", "accepted, at bounds"], rolled_back: ["↶", "info", "rolled back"],
  held: ["H", "info", "held"], rejected: ["R", "warn", "rejected"], too_few_samples: ["F", "", "too few samples"],
  no_reference: ["N", "", "no reference"], opposite_reference: ["O", "bad", "opposite reference"],
  not_excited: ["E", "", "not excited"], diverged: ["D", "bad", "diverged"], paused: ["P", "", "paused"],
};

/** Letter and meaning of all of them. */
export const LETTERS = Object.values(VERDICTS).map(([letter, , meaning]) => [letter, meaning]);

export const verdictOf = (result) => VERDICTS[result] ?? ["?", "", words(result)];
export const isAccepted = (result) => ["ok", "at_bounds"].includes(result);

/** Return what the letters of these results mean, in one line. */
export function legendOf(results) {
  const known = Object.keys(VERDICTS).filter((result) => results.has(result));
  return known.map((result) => `${VERDICTS[result][0]} ${VERDICTS[result][2]}`).join(", ");
}
