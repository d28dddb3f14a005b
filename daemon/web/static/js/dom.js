/** Making and updating elements without touching what has not changed. */

export const byId = (id) => document.getElementById(id);

/** Make an element; `data` become data- attributes, `on` listeners, other keys attributes. */
export function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "text") node.textContent = value;
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** Return the sign of a status; its shape alone tells which it is. */
export function shape(name, className = "shape") {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#shape-${name}`);
  svg.append(use);
  return svg;
}

/** An element that shows one value: written only when it changes, in full in `data-value`. */
export class Field {
  constructor(node, format = String) {
    this.node = node;
    this.format = format;
    this.value = undefined;
    this.text = node.textContent;
  }

  set(value) {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.node.dataset.value = value ?? "";
    this.write(this.format(value));
  }

  write(text) {
    if (text === this.text) return;
    this.text = text;
    this.node.textContent = text;
  }
}

/** Set an attribute only where it changes. */
export function mark(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Make one element per name, kept while the names stay the same. */
export class Rows {
  constructor(host, build) {
    this.host = host;
    this.build = build;
    this.names = "";
    this.rows = new Map();
  }

  /** Return whether the rows were made anew. */
  have(names) {
    const wanted = names.join("\n");
    if (wanted === this.names && this.rows.size === names.length) return false;
    this.names = wanted;
    this.rows = new Map(names.map((name) => [name, this.build(name)]));
    this.host.replaceChildren(...[...this.rows.values()].map((row) => row.node));
    return true;
  }
}

/** Open a dialog with new content; it has a button that closes it. */
export function openDialog(dialog, title, ...content) {
  const close = make("button", { type: "button", text: "Close", on: { click: () => dialog.close() } });
  const heading = make("h2", { id: dialog.getAttribute("aria-labelledby"), text: title });
  dialog.replaceChildren(make("header", {}, heading, close), ...content);
  if (!dialog.open) dialog.showModal();
}
