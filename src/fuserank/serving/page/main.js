// The page: what is asked goes to the service, what it answers is drawn, graded and explained.

import { readAddress, writeAddress } from "./address.js";
import { drawAnswers, drawEvidence, drawFacts, drawGrades } from "./answers.js";
import { ask, Refused } from "./api.js";
import { Asking } from "./asking.js";
import { Choices } from "./choices.js";
import { byId } from "./dom.js";
import { Evidence } from "./evidence.js";
import * as feedback from "./feedback.js";
import { Filters } from "./filters.js";
import { Grades, labelOf } from "./grades.js";
import { showHealth, startHeader } from "./header.js";
import { Judgments } from "./judgments.js";
import { listenToKeys } from "./keys.js";
import { pictureOf } from "./pictures.js";
import { ProductPanel } from "./product.js";
import { doneLoading, drawLoading, drawNothing, drawRefusal, drawStart } from "./states.js";
import { offerToken } from "./token.js";
import { Walk } from "./walk.js";
import { onLanguage, say, translate } from "./words.js";

// What is on the page: nothing yet, columns of answers, or a refusal. `query` is what the grades call what was asked.
let shown = { columns: [], query: null, refusal: null };
let running = null;
let returnTo = null; // dataset of the card from which the product panel was opened

translate();
offerToken();
startHeader();
const grades = new Grades();
const asking = new Asking(search);
const filters = new Filters(() => shown.query !== null && search());
const choices = new Choices((what) => (what === "model" && shown.query !== null ? search() : draw()));
const walk = new Walk(byId("columns"));
const judgments = new Judgments(grades, searchWords);
const panel = new ProductPanel({
  grade: (product, grade) => grades.set(shown.query, product.product_id, grade),
  drawn: (product) => panel.showGrade(grades.of(shown.query).get(product.product_id) ?? null),
  like: async (product) => {
    const picture = await pictureOf(product.product_id);
    asking.text = "";
    asking.takePicture(picture);
  },
  closed: () => returnTo && cardOf(returnTo)?.focus(),
});
const cards = { grade, open, explain };

grades.onChange(() => {
  drawGrades(grades.of(shown.query));
  judgments.draw();
  if (panel.product) panel.showGrade(grades.of(shown.query).get(panel.product.product_id) ?? null);
});
onLanguage(() => {
  draw();
  judgments.draw();
  panel.redraw();
});
listenToKeys(walk, { ...cards, escape: () => asking.cancelRecording() || panel.close() || leave() });
byId("columns").addEventListener("focusin", follow);
addEventListener("popstate", () => searchAddress());
draw();
start();

async function start() {
  try {
    const health = await ask("/v1/health");
    showHealth(health);
    choices.challenged = health.models.some(({ role }) => role === "challenger");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    shown.refusal = error;
    draw();
    return;
  }
  byId("text").focus();
  searchAddress();
}

/** Search for what stands in the box, with the filters as they are. */
async function search() {
  const { shopper, ...sizes } = filters.read();
  asking.complain(filters.trouble);
  if (filters.trouble) return;
  if (asking.empty && !shopper) {
    byId("text").focus();
    return;
  }
  running?.abort();
  const { signal } = (running = new AbortController());
  writeAddress({ text: asking.text, model: choices.model, shopper, ...sizes });
  returnTo = null;
  panel.close();
  drawLoading();
  byId("live").textContent = say("loading");
  const query = { ...(await asking.read()), ...(shopper && { user_id: shopper }) };
  const body = { query, ...sizes, session_id: feedback.visit() };
  try {
    const models = choices.model === "both" ? ["champion", "challenger"] : [choices.model];
    const answers = await Promise.all(models.map((model) => ask("/v1/search", { body: { ...body, ...(model !== "served" && { model }) }, signal })));
    shown = { query: labelOf(query), columns: answers.map((answer) => column(answer, query, signal)), refusal: null };
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refused)) throw error;
    shown = { query: labelOf(query), columns: [], refusal: error };
  }
  arrived(shopper);
}

function column(answer, asked, signal) {
  const ids = answer.results.map(({ product_id }) => product_id);
  const model = answer.role === "challenger" ? "challenger" : "champion";
  return { role: answer.role, answer, asked, evidence: new Evidence(asked, model, ids, signal) };
}

/** An answer came, or a refusal. */
function arrived(shopper) {
  draw();
  document.title = `${shown.query} · fuserank`;
  judgments.measure(shown.query, shown.columns);
  const counts = shown.columns.map(({ answer }) => answer.results.length);
  if (counts.length === 1) byId("live").textContent = say("announced", { n: counts[0], query: shown.query });
  if (counts.length === 2) byId("live").textContent = say("announcedBoth", { a: counts[0], b: counts[1] });
  for (const { answer } of shown.columns) {
    filters.learn(answer.results);
    feedback.shown(answer, shopper);
  }
}

/** Draw what is shown; the columns anew, so the focus goes back to where it was. */
function draw() {
  doneLoading();
  const { columns, refusal, query } = shown;
  byId("bar").hidden = !columns.length;
  if (refusal) return drawRefusal(refusal, query === null ? () => location.reload() : search);
  if (!columns.length) return drawStart();
  const focused = walk.focused?.dataset;
  byId("facts").replaceChildren();
  if (columns.length === 1) drawFacts(byId("facts"), columns[0], columns[0].asked);
  if (columns.every(({ answer }) => !answer.results.length)) return drawNothing();
  drawAnswers(columns, choices.layout, cards);
  drawGrades(grades.of(query));
  drawEvidence(columns, choices.evidence);
  walk.start();
  if (focused) cardOf(focused)?.focus();
  if (choices.evidence) explainAll(columns);
}

const cardOf = ({ column, id }) => byId("columns").querySelector(`.card[data-column="${column}"][data-id="${CSS.escape(id)}"]`);

async function explainAll(columns) {
  for (const { evidence } of columns) {
    try {
      await evidence.explainAll(() => columns === shown.columns && drawEvidence(columns, choices.evidence));
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof Refused)) throw error;
    }
  }
}

function grade(card, value) {
  const { product_id: id, title } = card.product;
  grades.set(shown.query, id, value);
  byId("live").textContent = value === null ? say("gradeRemoved", { title }) : say("graded", { title, n: value, name: say(`grade${value}`) });
}

/** A shopper would call this a click; to ask why is none. */
function open(card) {
  const { answer, asked } = shown.columns[Number(card.dataset.column)];
  feedback.opened(answer, card.product, asked.user_id);
  explain(card);
}

function explain(card) {
  returnTo = card.dataset;
  panel.show(card.product, Number(card.dataset.column), shown.columns);
}

/** While a product is open, it is the focused one. */
function follow({ target }) {
  const card = target.closest(".card");
  if (card && panel.product && card.product !== panel.product) explain(card);
}

/** Leave the results for the search box. */
function leave() {
  const there = Boolean(walk.focused);
  if (there) byId("text").focus();
  return there;
}

function searchWords(words) {
  asking.clear();
  asking.text = words;
  search();
}

function searchAddress() {
  const { text, model, ...rest } = readAddress();
  asking.text = text;
  filters.write(rest);
  choices.take(model);
  if (text || rest.shopper) search();
}
