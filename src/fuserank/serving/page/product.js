// The panel of one product: what it is, and why it stands where it stands.

import { ask } from "./api.js";
import { bars, scaleOf, wordShares } from "./bars.js";
import { gradeButtons, meta, price, showGrade } from "./card.js";
import { byId, el, icon, iconButton } from "./dom.js";
import { frame } from "./pictures.js";
import { number, percent, say } from "./words.js";

/** At most one product at a time. */
export class ProductPanel {
  #root = byId("product");
  #on;
  #shown = null; // {product, column, columns}

  /** @param {{grade: Function, like: Function, drawn: Function, closed: Function}} on each but `closed` is called with the product */
  constructor(on) {
    this.#on = on;
  }

  /** The product that is shown, or null. */
  get product() {
    return this.#shown?.product ?? null;
  }

  /**
   * Show a product.
   * @param {object} product of an answer
   * @param {number} column in which it was chosen
   * @param {object[]} columns all of the answer's: {role, answer, evidence, asked}
   */
  show(product, column, columns) {
    this.#shown = { product, column, columns };
    this.#draw();
    this.#root.hidden = false;
    document.body.classList.add("product-open");
  }

  /** Show it again, in another language or with another grade. */
  redraw() {
    if (this.#shown) this.#draw();
  }

  /** Show a grade of the product. */
  showGrade(grade) {
    showGrade(this.#root, grade);
  }

  /** Whether it was open. */
  close() {
    const open = Boolean(this.#shown);
    this.#shown = null;
    this.#root.hidden = true;
    document.body.classList.remove("product-open");
    if (open) this.#on.closed();
    return open;
  }

  #draw() {
    const { product, column, columns } = this.#shown;
    const { asked, role } = columns[column];
    const about = el("p", { class: "about" });
    this.#describe(product, about);
    const parts = [
      el("header", {}, el("span", { class: "rank", text: product.rank }), el("h2", { id: "product-title", text: product.title || product.product_id }), iconButton("close", say("close"), () => this.close())),
      this.#picture(product, asked),
      el("div", { class: "row" }, price(product), gradeButtons((grade) => this.#on.grade(product, grade))),
      meta(product),
      about,
      columns.length === 2 ? this.#tabs(product, column, columns) : null,
      ...this.#why(product, columns[column]),
    ];
    this.#root.dataset.role = role;
    this.#root.replaceChildren(...parts.filter(Boolean));
    this.#on.drawn(product);
  }

  /** Who explains, where both models show the product. */
  #tabs(product, column, columns) {
    const both = columns.map(({ answer }) => answer.results.find(({ product_id }) => product_id === product.product_id));
    if (!both.every(Boolean)) return null;
    const tabs = both.map((found, i) =>
      el("button", { type: "button", class: "segment", "aria-pressed": String(i === column), text: `${say(columns[i].role)} ${found.rank}`, on: { click: () => this.show(found, i, columns) } }),
    );
    return el("div", { class: "segments", role: "group", "aria-label": say("model") }, ...tabs);
  }

  #picture(product, asked) {
    const figure = el("figure", { class: "large" }, frame(product));
    if (!product.has_picture) return figure;
    const caption = el("figcaption", { "aria-live": "polite" });
    const acts = [this.#heatButton("heat", "product_heat", figure, caption)];
    if (asked.image) acts.push(this.#heatButton("queryHeat", "query_heat", figure, caption));
    acts.push(el("button", { type: "button", class: "plain", on: { click: () => this.#on.like(product) } }, icon("search"), el("span", { text: say("searchWithPicture") })));
    figure.append(caption, el("div", { class: "row" }, ...acts));
    return figure;
  }

  /** Puts a map over the picture and takes it away again; only one is shown. */
  #heatButton(key, part, figure, caption) {
    const { product, columns, column } = this.#shown;
    const draw = async () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of figure.querySelectorAll("button[aria-pressed]")) other.setAttribute("aria-pressed", "false");
      figure.querySelector(".map")?.remove();
      caption.textContent = "";
      if (!on) return;
      button.setAttribute("aria-pressed", "true");
      caption.textContent = say("explaining");
      const map = await columns[column].evidence.part(product.product_id, part).then((found) => found[part]).catch(() => null);
      if (button.getAttribute("aria-pressed") !== "true") return;
      caption.textContent = map === null ? say("noHeat") : map.empty ? say("heatEmpty") : say("heatWhy", { n: percent(map.covered) });
      if (map) figure.firstElementChild.append(el("img", { class: "map", alt: say(key), src: `data:image/png;base64,${map.png}` }));
    };
    const button = el("button", { type: "button", class: "plain", "aria-pressed": "false", data: { part }, on: { click: draw } }, icon("heat"), el("span", { text: say(key) }));
    return button;
  }

  #why(product, { evidence, asked }) {
    const families = el("div", { class: "families" }, el("p", { class: "quiet-text", text: say("explaining") }));
    const words = el("div");
    const drawn = (found) => {
      const { base, score } = found;
      const every = el("details", {}, el("summary", { text: say("modalities") }), bars(found, "modalities", scaleOf([found], "modalities")));
      families.replaceChildren(bars(found, "families", scaleOf([found])), el("p", { class: "sum", text: sum(score, base) }), every);
      if (found.query_words?.length) words.replaceChildren(el("h3", { text: say("wordShares") }), wordShares(found.query_words));
    };
    const known = evidence.known.get(product.product_id);
    if (known) drawn(known);
    const part = asked.text || asked.audio ? "query_words" : null;
    if (part || !known) {
      evidence.part(product.product_id, part).then(drawn, (error) => {
        if (error.name !== "AbortError" && !known) families.replaceChildren(el("p", { class: "quiet-text", text: say("noExplanation") }));
      });
    }
    return [el("h3", { text: say("families") }), families, words, el("p", { class: "fine", text: say("sharesWhy") })];
  }

  async #describe(product, root) {
    const details = await ask(`/v1/product?product_id=${encodeURIComponent(product.product_id)}`).catch(() => null);
    root.textContent = details?.description ?? "";
    root.lang = details?.locale ?? "";
  }
}

/** Score = base + shares, in words. */
function sum(score, base) {
  const shares = score - base;
  return say("sum", { score: number(score, 2), base: number(base, 2), sign: shares < 0 ? "−" : "+", shares: number(Math.abs(shares), 2) });
}
