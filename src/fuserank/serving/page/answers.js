// The answers on the page: one column, or champion and challenger side by side.

import { card, showEvidence, showGrade } from "./card.js";
import { scaleOf } from "./bars.js";
import { byId, el, icon, svgElement } from "./dom.js";
import { Links } from "./links.js";
import { kendall, moves } from "./moves.js";
import { number, say } from "./words.js";

let links = null;

/**
 * Draw answers.
 * @param {{role: string, answer: object}[]} columns one or two; with two, the first is the champion's
 * @param {"list"|"grid"} layout of a single column
 * @param {object} on as of `card`
 */
export function drawAnswers(columns, layout, on) {
  const ids = columns.map(({ answer }) => answer.results.map(({ product_id }) => product_id));
  const found = columns.length === 2 ? moves(ids[0], ids[1]) : null;
  const drawn = columns.map((column, i) => drawColumn(column, i, found, layout, on));
  const root = byId("columns");
  root.className = `columns ${found ? "two" : layout}`;
  links?.stop();
  root.replaceChildren(...drawn);
  drawAgreement(found, ids);
  if (!found) return;
  const svg = svgElement("svg", { class: "links", "aria-hidden": "true" });
  drawn[0].after(svg);
  links = new Links(svg, root, found);
}

/** Show the grades of the moment on all cards. */
export function drawGrades(grades) {
  for (const article of byId("columns").querySelectorAll(".card")) showGrade(article, grades.get(article.dataset.id) ?? null);
}

/** Show the bars that are known by now; both columns have one scale. */
export function drawEvidence(columns, wanted) {
  const scale = scaleOf(columns.flatMap(({ evidence }) => [...evidence.known.values()]));
  for (const article of byId("columns").querySelectorAll(".card")) {
    const { evidence } = columns[Number(article.dataset.column)];
    showEvidence(article, wanted ? evidence.known.get(article.dataset.id) : null, scale);
  }
}

/** What is said of an answer above it. */
export function drawFacts(root, { role, answer }, asked) {
  const facts = [
    el("b", { class: "found", text: say("found", { n: answer.results.length }) }),
    el("span", { text: say("ordered", { n: answer.candidates }) }),
    el("span", { text: say("tookMs", { n: number(answer.took_ms) }) }),
  ];
  const version = el("li", { class: "version" }, el("i", { class: `role ${role}`, text: say(role) }), el("code", { text: answer.model_version }));
  root.replaceChildren(el("p", { class: "line" }, ...facts), el("ul", { class: "remarks" }, version, ...remarks(answer, asked)));
}

function remarks({ words, degraded, notes }, asked) {
  const lines = [];
  const heard = asked.audio && !asked.text;
  if (words && heard) lines.push(remark("ear", "heard", say("heard", { words })));
  else if (words && words !== asked.text) lines.push(remark("words", "quiet", say("lookedUp", { words })));
  for (const text of degraded) lines.push(remark("warn", "degraded", text, say("degraded")));
  for (const text of notes) lines.push(remark("info", "quiet", text));
  return lines;
}

const remark = (sign, kind, text, title = "") => el("li", { class: kind, title }, icon(sign), el("span", { text }));

function drawColumn(column, i, found, layout, on) {
  const list = el("ol", { class: "list", "aria-label": say(column.role) });
  for (const product of column.answer.results) list.append(card(product, i, found && move(found.get(product.product_id), i), on));
  if (!column.answer.results.length) list.append(el("li", { class: "nothing", text: say("nothing") }));
  if (!found) return list;
  const head = el("header", { class: "facts" });
  drawFacts(head, column, column.asked);
  return el("section", { class: "column", "aria-label": say(column.role) }, head, list);
}

/** In the champion's column only what leaves is worth a sign: where the rest goes stands in the other. */
const move = (found, column) => (column === 1 || found.kind === "left" ? found : null);

function drawAgreement(found, [before, after]) {
  const root = byId("agreement");
  root.hidden = !found;
  if (!found) return;
  const count = (...kinds) => [...found.values()].filter(({ kind }) => kinds.includes(kind)).length;
  const tau = kendall(before, after);
  const facts = [
    ["kendall", tau === null ? "–" : number(tau, 2), say("kendallWhy")],
    ["shared", count("up", "down", "same")],
    ["moved", count("up", "down")],
    ["entered", count("entered")],
    ["left", count("left")],
  ];
  const drawn = facts.map(([key, value, title = ""]) => el("div", { data: { fact: key }, title }, el("dt", { text: say(key) }), el("dd", { text: value })));
  root.replaceChildren(el("dl", { "aria-label": say("agreement") }, ...drawn));
}
