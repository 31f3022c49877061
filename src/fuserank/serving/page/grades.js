// Grades 0 to 3 of products for queries, kept in the browser.

import { local } from "./kept.js";

export const GRADES = [0, 1, 2, 3];

/** Grades by query, then by product, each in the order in which it was first graded. */
export class Grades {
  #queries = new Map();
  #listeners = [];
  kept = true;

  constructor() {
    for (const { query, grades } of legible(local.get("grades"))) this.#queries.set(query, new Map(grades));
  }

  /** Be told of every change. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** (query, Map of product id -> grade), all of them. */
  entries() {
    return [...this.#queries].filter(([, grades]) => grades.size);
  }

  /** Product id -> grade. */
  of(query) {
    return new Map(this.#queries.get(query));
  }

  get count() {
    return this.entries().reduce((sum, [, grades]) => sum + grades.size, 0);
  }

  /** Grade a product for a query; null removes its grade. */
  set(query, productId, grade) {
    this.#put(query, productId, grade);
    this.#changed();
  }

  /** Add many, [query, product id, grade]; where there was one, the new one counts. */
  add(lines) {
    for (const line of lines) this.#put(...line);
    this.#changed();
  }

  clear() {
    this.#queries.clear();
    this.#changed();
  }

  #put(query, productId, grade) {
    if (!this.#queries.has(query)) this.#queries.set(query, new Map());
    if (grade === null) this.#queries.get(query).delete(productId);
    else this.#queries.get(query).set(productId, grade);
  }

  #changed() {
    const listed = this.entries().map(([query, grades]) => ({ query, grades: [...grades] }));
    this.kept = local.set("grades", listed);
    for (const listener of this.#listeners) listener();
  }
}

/** What of the kept value has the right form: another version of the page, or another program, may have written it. */
function legible(kept) {
  const entries = Array.isArray(kept) ? kept.filter((entry) => typeof entry?.query === "string" && Array.isArray(entry.grades)) : [];
  const right = (pair) => Array.isArray(pair) && typeof pair[0] === "string" && GRADES.includes(pair[1]);
  return entries.map(({ query, grades }) => ({ query, grades: grades.filter(right) }));
}

/**
 * What a query is called among the grades: its words, and a sign for each further part, so that the same words with another picture
 * are another query.
 * @param {{text?: string, image?: string, audio?: string, user_id?: string}} query as it is sent
 */
export function labelOf(query) {
  const signs = [
    query.image && `[picture ${digest(query.image)}]`,
    query.audio && `[sound ${digest(query.audio)}]`,
    query.user_id && `[shopper ${query.user_id}]`,
  ];
  return [query.text, ...signs].filter(Boolean).join(" ");
}

/** 32 bits of FNV-1a in hex: enough to tell a hundred pictures apart, and there without HTTPS, unlike crypto.subtle. */
function digest(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
