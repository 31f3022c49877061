// Filters, the shopper, and how much is looked at.

import { byId } from "./dom.js";
import { local } from "./kept.js";
import { Several } from "./several.js";
import { say } from "./words.js";

const USUAL = { k: 10, depth: 200 };
const WIDE = "(min-width: 900px)";

export class Filters {
  /** @param {() => void} changed called when something is chosen */
  constructor(changed) {
    this.category = new Several(byId("category"), "category", "anyCategory", () => this.#changed(changed));
    this.brand = new Several(byId("brand"), "brand", "anyBrand", () => this.#changed(changed));
    for (const id of ["min", "max", "shopper", "k", "depth"]) byId(id).addEventListener("change", () => this.#changed(changed));
    byId("unfilter").addEventListener("click", () => {
      this.clear();
      this.#changed(changed);
    });
    byId("tune").addEventListener("click", () => this.open(byId("filters").hidden));
    this.open(local.get("filters", matchMedia(WIDE).matches));
    this.#count();
  }

  /** Show or hide the fields, on later visits too. */
  open(open) {
    byId("filters").hidden = !open;
    byId("tune").setAttribute("aria-expanded", open);
    local.set("filters", open);
  }

  /** The request's `k`, `depth` and `filters` (left out when nothing is filtered), and the shopper or null. */
  read() {
    const filters = {};
    if (price("min") !== null) filters.min_price = price("min");
    if (price("max") !== null) filters.max_price = price("max");
    if (this.category.values.length) filters.categories = this.category.values;
    if (this.brand.values.length) filters.brands = this.brand.values;
    const whole = { k: Number(byId("k").value), depth: Math.min(1000, Math.max(1, Math.round(Number(byId("depth").value)) || USUAL.depth)) };
    return { ...whole, ...(Object.keys(filters).length && { filters }), shopper: byId("shopper").value.trim() || null };
  }

  /** Show what `read` gave. */
  write({ k = USUAL.k, depth = USUAL.depth, filters = {}, shopper = null }) {
    const offered = [...byId("k").options].some(({ value }) => value === String(k));
    byId("k").value = offered ? k : USUAL.k;
    byId("depth").value = depth;
    byId("min").value = filters.min_price ?? "";
    byId("max").value = filters.max_price ?? "";
    byId("shopper").value = shopper ?? "";
    this.category.values = filters.categories ?? [];
    this.brand.values = filters.brands ?? [];
    this.#count();
  }

  /** Filter nothing; the shopper and the sizes stay. */
  clear() {
    const { k, depth, shopper } = this.read();
    this.write({ k, depth, shopper });
  }

  /** What is wrong with them, as a key of the words; null: nothing. */
  get trouble() {
    const [least, most] = [price("min"), price("max")];
    return least !== null && most !== null && least > most ? "priceOrder" : null;
  }

  /** Suggest the categories, with the paths above them, and the brands of some products. */
  learn(products) {
    this.category.suggest(products.flatMap(({ category }) => above(category)));
    this.brand.suggest(products.map(({ brand }) => brand));
  }

  #changed(changed) {
    this.#count();
    changed();
  }

  #count() {
    const { filters, shopper } = this.read();
    const count = Object.keys(filters ?? {}).length + (shopper ? 1 : 0);
    const badge = byId("tune").querySelector(".count");
    badge.hidden = !count;
    badge.textContent = count;
    byId("unfilter").hidden = !filters;
    byId("depth").title = say("depthWhy");
  }
}

/** `Home > Kitchen` and `Home`. */
function above(category) {
  const parts = category.split(/( *[>/] *)/);
  return parts.filter((_, i) => i % 2 === 0).map((_, i) => parts.slice(0, 2 * i + 1).join("").trim());
}

function price(id) {
  const value = byId(id).valueAsNumber;
  return Number.isFinite(value) && value >= 0 ? value : null;
}
