/** Each panel says how old its numbers are once the link is not live. */

import { Field } from "../dom.js";
import { age } from "../format.js";

export function startAges(desk) {
  const fields = [...document.querySelectorAll("[data-age]")].map((node) => new Field(node));
  setInterval(() => {
    const text = desk.isLive || !desk.meta ? "" : `${age(desk.silentFor)} old`;
    for (const field of fields) field.set(text);
  }, 200);
}
