// Explanations, asked for once each.

import { ask } from "./api.js";

const AT_ONCE = 20; // products that one request may explain

/** Why the products of one answer stand where they stand. */
export class Evidence {
  #query;
  #model;
  #ids;
  #known = new Map();
  #parts = new Map();
  #signal;
  #all = null;

  /**
   * @param {object} query as it was sent
   * @param {"champion"|"challenger"} model that answered
   * @param {string[]} ids of all shown products: each is explained among them
   * @param {AbortSignal} signal of the search
   */
  constructor(query, model, ids, signal) {
    this.#query = query;
    this.#model = model;
    this.#ids = ids;
    this.#signal = signal;
  }

  /** Product id -> explained product, of those that were explained up to now. */
  get known() {
    return this.#known;
  }

  /** Explain all shown products, some at a time; `each` of the first call is called whenever more are known. */
  async explainAll(each) {
    this.#all ??= this.#explainAll(each);
    try {
      await this.#all;
    } catch (error) {
      this.#all = null; // so that it can be tried again
      throw error;
    }
  }

  async #explainAll(each) {
    for (let start = 0; start < this.#ids.length; start += AT_ONCE) {
      const wanted = this.#ids.slice(start, start + AT_ONCE).filter((id) => !this.#known.has(id));
      if (!wanted.length) continue;
      for (const product of (await this.#explain(wanted, [])).products) this.#known.set(product.product_id, product);
      each();
    }
  }

  /** One product with one further part such as `query_words`, or null for none. @returns {Promise<object>} the explained product */
  part(id, part) {
    const name = `${part} ${id}`;
    if (!this.#parts.has(name)) {
      const found = this.#explain([id], part ? [part] : []).then(({ products }) => {
        if (!this.#known.has(id)) this.#known.set(id, products[0]);
        return products[0];
      });
      found.catch(() => this.#parts.delete(name)); // so that it can be tried again
      this.#parts.set(name, found);
    }
    return this.#parts.get(name);
  }

  #explain(ids, parts) {
    const body = { query: this.#query, product_ids: ids, rivals: this.#ids, parts, model: this.#model };
    return ask("/v1/explain", { body, signal: this.#signal });
  }
}
