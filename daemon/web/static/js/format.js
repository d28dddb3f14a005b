/** Numbers as people read them; an unknown one is a dash. */

export const DASH = "–";
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Return a number with a fixed count of decimals and its unit. */
export const fixed = (decimals, unit = "") => (value) =>
  known(value) ? signed(value, decimals) + (unit && ` ${unit}`) : DASH;

/** Return a number with so many significant digits, without an exponent where it is readable. */
export function digits(value, count = 4) {
  if (!known(value)) return DASH;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(count - 1).replace("-", "−");
  const decimals = size === 0 ? 1 : Math.max(0, count - 1 - Math.floor(Math.log10(size)));
  return signed(value, decimals);
}

/** Return a share as a percentage. */
export const percent = (value, decimals = 0) => (known(value) ? `${signed(100 * value, decimals)} %` : DASH);

/** Return a change as a percentage that always has its sign. */
export function change(value, decimals = 1) {
  if (!known(value)) return DASH;
  const text = signed(100 * value, decimals);
  return `${value > 0 && !/^0[.0]*$/.test(text) ? "+" : ""}${text} %`;
}

/** Return how long ago, in the unit that suits it. */
export function age(seconds) {
  if (!known(seconds)) return DASH;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return clock(seconds);
}

/** Return a time as h:mm:ss or m:ss, with decimals where they are asked for. */
export function clock(seconds, decimals = 0) {
  if (!known(seconds)) return DASH;
  const scale = 10 ** decimals;
  const whole = Math.round(Math.abs(seconds) * scale);
  const total = Math.floor(whole / scale);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const rest = decimals ? `.${String(whole % scale).padStart(decimals, "0")}` : "";
  const head = hours ? `${hours}:${two(minutes)}` : String(minutes);
  return `${seconds < 0 ? "−" : ""}${head}:${two(total % 60)}${rest}`;
}

/** Return the words of an identifier. */
export const words = (name) => name.replaceAll("_", " ");

function signed(value, decimals) {
  const text = value.toFixed(decimals);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text.replace("-", "−");
}
