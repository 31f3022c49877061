// Shares of a score as bars: to the right they lift it, to the left they lower it.

import { el } from "./dom.js";
import { nameOf, signed } from "./words.js";

const ROOM = 0.12; // of the width that each side of 0 has at least, so that the sides can be told apart

/**
 * One scale for the bars of some explained products.
 * @returns {{zero: number, unit: number}} where 0 stands and how long a share of 1 is, in widths of the axis
 */
export function scaleOf(explained, part = "families") {
  const shares = explained.flatMap((product) => Object.values(product[part] ?? {}));
  const [low, high] = [Math.max(1e-9, ...shares.map((share) => -share)), Math.max(1e-9, ...shares)];
  const zero = Math.min(1 - ROOM, Math.max(ROOM, low / (low + high)));
  return { zero, unit: Math.min(zero / low, (1 - zero) / high) };
}

/**
 * Bars of a product.
 * @param {"families"|"modalities"} part of `explained`
 * @param {object} scale as `scaleOf` gives it
 */
export function bars(explained, part, scale) {
  const kind = part === "families" ? "family" : "modality";
  const rows = Object.entries(explained[part]).map(([name, share]) => bar(nameOf(kind, name), share, scale, explained.attention?.[name]));
  return el("ul", { class: "shares" }, ...rows);
}

function bar(name, share, scale, attention) {
  const style = { "--zero": `${(100 * scale.zero).toFixed(2)}%`, "--long": `${(100 * Math.abs(share) * scale.unit).toFixed(2)}%` };
  const way = share < 0 ? "down" : "up";
  return el(
    "li",
    { class: "share", data: { way }, title: attention === undefined ? "" : `${name} ${signed(share, 3)}` },
    el("span", { class: "name", text: name }),
    el("span", { class: "axis", "aria-hidden": "true", style }, el("i", { class: way })),
    el("span", { class: "value", text: signed(share) }),
  );
}

/** Words of a query, each tinted by its share. */
export function wordShares(words) {
  const most = Math.max(1e-9, ...words.map(({ share }) => Math.abs(share)));
  const said = words.map(({ word, share }) =>
    el(
      "span",
      { class: `word ${share < 0 ? "down" : "up"}`, style: { "--much": `${Math.round((100 * Math.abs(share)) / most)}%` } },
      el("b", { text: word }),
      el("small", { text: signed(share) }),
    ),
  );
  return el("p", { class: "words" }, ...said);
}
