/** Files for the person at the keyboard. */

import { make } from "../dom.js";

const KEPT_MS = 30000;

/** Have the browser save content as a file. */
export function download(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** Return the lines a configuration needs to go on with a person who was saved. */
export function levelLines(data, subjectFile, skeletonFile) {
  const value = (levels) => (typeof levels === "string" ? JSON.stringify(levels) : inline(levels ?? {}));
  return [
    `# Parameter set ${data.version} of a live run: put these lines in place of those that`,
    "# the configuration has. Paths are relative to the configuration.",
    "[model]", `subject = ${JSON.stringify(subjectFile)}`, "",
    ...(skeletonFile ? ["[skeleton]", `file = ${JSON.stringify(skeletonFile)}`, ""] : []),
    "[envelope]", `baseline = ${value(data.baseline)}`, `mvc = ${value(data.mvc)}`, "",
  ].join("\n");
}

const inline = (levels) => `{ ${Object.entries(levels).map(([name, value]) => `${JSON.stringify(name)} = ${float(value)}`).join(", ")} }`;
const float = (value) => (Number.isInteger(value) ? `${value}.0` : String(value));
