// Lines between two columns, from where a product stands in one to where it stands in the other.

import { svgElement } from "./dom.js";

/** Draws into `svg`, which lies between the columns, whenever its surroundings change their size. */
export class Links {
  #svg;
  #found;
  #resized;

  /**
   * @param {SVGElement} svg between two lists of cards
   * @param {HTMLElement} columns that hold it and both lists
   * @param {Map<string, {kind: string}>} found as `moves` gives it
   */
  constructor(svg, columns, found) {
    this.#svg = svg;
    this.#found = found;
    this.#resized = new ResizeObserver(() => this.#draw(columns));
    this.#resized.observe(columns);
    for (const list of columns.querySelectorAll(".list")) this.#resized.observe(list);
    for (const event of ["pointerover", "focusin"]) columns.addEventListener(event, ({ target }) => light(columns, target.closest?.(".card")?.dataset.id));
    for (const event of ["pointerleave", "focusout"]) columns.addEventListener(event, () => light(columns, null));
  }

  /** Draw no more. */
  stop() {
    this.#resized.disconnect();
  }

  #draw(columns) {
    const box = this.#svg.getBoundingClientRect();
    const middle = (column, id) => {
      const card = columns.querySelector(`.card[data-column="${column}"][data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
      return card && card.top - box.top + card.height / 2;
    };
    const paths = [];
    for (const [id, { kind }] of this.#found) {
      const [from, to] = [middle(0, id), middle(1, id)];
      if (from === undefined || to === undefined) continue;
      const half = box.width / 2;
      const path = svgElement("path", { d: `M0 ${from}C${half} ${from} ${half} ${to} ${box.width} ${to}`, class: kind });
      path.dataset.id = id;
      paths.push(path);
    }
    this.#svg.replaceChildren(...paths);
  }
}

/** Make all that belongs to one product stand out. */
function light(columns, id) {
  for (const one of columns.querySelectorAll("[data-id]")) one.classList.toggle("lit", one.dataset.id === id);
}
