// How two orders of products differ.

/**
 * What became of each product from one order to the other.
 * @param {string[]} before product ids, best first
 * @param {string[]} after
 * @returns {Map<string, {kind: "up"|"down"|"same"|"entered"|"left", by: number}>} of every product of either; `by` places
 */
export function moves(before, after) {
  const [from, to] = [places(before), places(after)];
  const found = new Map();
  for (const id of new Set([...before, ...after])) {
    if (!from.has(id)) found.set(id, { kind: "entered", by: 0 });
    else if (!to.has(id)) found.set(id, { kind: "left", by: 0 });
    else {
      const by = from.get(id) - to.get(id);
      found.set(id, { kind: by > 0 ? "up" : by < 0 ? "down" : "same", by: Math.abs(by) });
    }
  }
  return found;
}

/** Kendall's τ (1938) of the products that both orders hold: 1 the same order, -1 the reverse; null for fewer than two. */
export function kendall(before, after) {
  const to = places(after);
  const common = before.filter((id) => to.has(id)).map((id) => to.get(id));
  const pairs = (common.length * (common.length - 1)) / 2;
  if (!pairs) return null;
  let agreeing = 0;
  common.forEach((place, i) => common.slice(i + 1).forEach((later) => (agreeing += place < later ? 1 : -1)));
  return agreeing / pairs;
}

const places = (ids) => new Map(ids.map((id, i) => [id, i]));
