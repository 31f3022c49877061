// Shares of a score as bars: to the right they lift it, to the left they lower it.

import { el } from "./dom.js";
import { nameOf, signed } from "./words.js";

/** The largest share of some explained products, so that their bars have one scale; never 0. */
export const longest = (explained, part = "families") =>
  Math.max(1e-9, ...explained.flatMap((product) => Object.values(product[part] ?? {}).map(Math.abs)));

/**
 * Bars of a product.
 * @param {"families"|"modalities"} part of `explained`
 * @param {number} scale the share that fills half the width
 */
export function bars(explained, part, scale) {
  const kind = part === "families" ? "family" : "modality";
  const rows = Object.entries(explained[part]).map(([name, share]) => bar(nameOf(kind, name), share, scale, explained.attention?.[name]));
  return el("ul", { class: "shares" }, ...rows);
}

function bar(name, share, scale, attention) {
  const long = `${(50 * Math.min(1, Math.abs(share) / scale)).toFixed(2)}%`;
  const way = share < 0 ? "down" : "up";
  return el(
    "li",
    { class: "share", data: { way }, title: attention === undefined ? "" : `${name} ${signed(share, 3)}` },
    el("span", { class: "name", text: name }),
    el("span", { class: "axis", "aria-hidden": "true" }, el("i", { class: way, style: { "--long": long } })),
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
