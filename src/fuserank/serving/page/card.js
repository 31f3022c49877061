// One product of an answer.

import { bars } from "./bars.js";
import { el, icon } from "./dom.js";
import { GRADES } from "./grades.js";
import { frame } from "./pictures.js";
import { number, percent, say } from "./words.js";

const MOVES = { up: "movedUp", down: "movedDown", same: "movedNot", entered: "movedIn", left: "movedOut" };

/**
 * The card of a product.
 * @param {object} product of an answer
 * @param {number} column in which it stands
 * @param {{kind: string, by: number}|null} move where it comes from, beside another model's order
 * @param {{grade: Function, open: Function, explain: Function}} on called with the card, and the grade
 */
export function card(product, column, move, on) {
  const article = el("article", { class: "card", tabindex: -1, data: { id: product.product_id, column, rank: product.rank } });
  article.product = product;
  const title = el("button", { type: "button", class: "title", tabindex: -1, text: product.title || product.product_id, on: { click: () => on.open(article) } });
  const picture = frame(product);
  picture.addEventListener("click", () => on.open(article));
  const why = { type: "button", class: "why", tabindex: -1, title: say("why"), on: { click: () => on.explain(article) } };
  article.append(
    el("span", { class: "rank" }, el("span", { class: "sr", text: say("rank", { n: product.rank }) }), el("b", { text: product.rank, "aria-hidden": "true" }), move && moved(move)),
    picture,
    el("div", { class: "what" }, el("h3", {}, title), meta(product), price(product), ruled(product)),
    numbers(product),
    el("div", { class: "evidence" }),
    el("div", { class: "acts" }, gradeButtons((grade) => on.grade(article, grade), -1), el("button", why, icon("why"), el("span", { text: say("why") }))),
  );
  return el("li", {}, article);
}

/** Show a grade on a card, or on whatever else has grade buttons; null: none. */
export function showGrade(root, grade) {
  for (const button of root.querySelectorAll(".grades button")) button.setAttribute("aria-pressed", Number(button.dataset.grade) === grade);
  if (!root.matches(".card")) return;
  if (grade === null) delete root.dataset.grade;
  else root.dataset.grade = grade;
  const said = grade === null ? say("ungraded") : say("gradeAs", { n: grade, name: say(`grade${grade}`) });
  root.setAttribute("aria-label", `${say("rank", { n: root.product.rank })}: ${root.product.title}, ${said}`);
}

/** Show the bars of a card; null removes them. */
export function showEvidence(article, explained, scale) {
  article.querySelector(".evidence").replaceChildren(...(explained ? [bars(explained, "families", scale)] : []));
}

/** Buttons 0 to 3. Pressing the one that is pressed removes the grade: `choose` then gets null. */
export function gradeButtons(choose, tabindex = 0) {
  const buttons = GRADES.map((grade) => {
    const label = say("gradeAs", { n: grade, name: say(`grade${grade}`) });
    const click = ({ currentTarget }) => choose(currentTarget.getAttribute("aria-pressed") === "true" ? null : grade);
    return el("button", { type: "button", tabindex, title: label, "aria-label": label, "aria-pressed": "false", data: { grade }, text: grade, on: { click } });
  });
  return el("span", { class: "grades", role: "group", "aria-label": say("grade") }, ...buttons);
}

/** Brand, category and id. */
export function meta(product) {
  const parts = [product.brand, product.category].filter(Boolean).map((text) => el("span", { text }));
  return el("p", { class: "meta" }, ...parts, el("code", { text: product.product_id }));
}

/** The price as a number: the answer does not say the currency. */
export const price = ({ price: amount }) =>
  amount === null ? el("p", { class: "cost none", text: say("noPrice") }) : el("p", { class: "cost", text: number(amount, 2) });

/** A small mark on a product that a rule moved, with the rule's name; null for all others. */
function ruled({ moved_by: names = [], model_rank: place }) {
  if (!names.length) return null;
  return el("p", { class: "ruled", title: say("ruledWhy", { n: place }) }, el("span", { text: say("ruled", { name: names.join(", ") }) }));
}

function numbers({ score, probability }) {
  const shown = [el("span", { class: "score" }, el("b", { text: number(score, 2) }), el("small", { text: say("score") }))];
  if (probability !== null) {
    const meter = el("i", { class: "meter", "aria-hidden": "true", style: { "--full": `${(100 * probability).toFixed(1)}%` } });
    shown.push(el("span", { class: "probability", title: say("probabilityWhy") }, el("b", { text: percent(probability) }), el("small", { text: say("probability") }), meter));
  }
  return el("div", { class: "numbers" }, ...shown);
}

function moved({ kind, by }) {
  const said = say(MOVES[kind], { n: by });
  return el("span", { class: "move", data: { kind }, title: said }, icon(kind), by ? el("span", { "aria-hidden": "true", text: by }) : null, el("span", { class: "sr", text: said }));
}
