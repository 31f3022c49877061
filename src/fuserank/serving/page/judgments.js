// The judgments: how good the shown order is by the grades given, which queries are graded, and the grades as files.

import { byId, el, icon, iconButton } from "./dom.js";
import { csv, json, parseCsv, qrels, topics, Unreadable } from "./formats.js";
import { ndcg } from "./ndcg.js";
import { number, say } from "./words.js";

const FILES = {
  exportQrels: { name: "judgments.qrels", type: "text/plain", write: qrels },
  exportTopics: { name: "topics.tsv", type: "text/tab-separated-values", write: topics },
  exportCsv: { name: "judgments.csv", type: "text/csv", write: csv },
  exportJson: { name: "judgments.json", type: "application/json", write: json },
};
const SURE_MS = 5000; // for which the button to clear asks again

export class Judgments {
  #root = byId("judgments");
  #grades;
  #search;
  #columns = [];
  #query = null;
  #said = ""; // of the last import

  /**
   * @param {Grades} grades
   * @param {(query: string) => void} search called with a graded query of words alone
   */
  constructor(grades, search) {
    this.#grades = grades;
    this.#search = search;
    this.#file = el("input", { type: "file", accept: ".csv,text/csv", hidden: true, id: "import-file", on: { change: () => this.#import() } });
    this.draw();
  }

  #file;

  /** Show how good these answers are. */
  measure(query, columns) {
    this.#query = query;
    this.#columns = columns;
    this.draw();
  }

  /** Draw it anew: after a grade, or in another language. */
  draw() {
    this.#root.replaceChildren(
      el("header", {}, el("h2", { id: "judgments-title", text: say("judgments") })),
      ...(this.#columns.length ? [this.#measures()] : []),
      el("h3", { text: say("queries") }),
      this.#queries(),
      this.#acts(),
      el("p", { class: "fine", role: "status", id: "import-said", text: this.#said || (this.#grades.kept ? "" : say("notKept")) }),
      this.#file,
    );
  }

  #measures() {
    const grades = this.#grades.of(this.#query);
    const values = this.#columns.map(({ role, answer }) => {
      const ids = answer.results.map(({ product_id }) => product_id);
      const value = ndcg(ids, grades);
      const graded = ids.filter((id) => grades.has(id)).length;
      return el(
        "div",
        { class: "measure", data: { role } },
        this.#columns.length > 1 ? el("i", { class: `role ${role}`, text: say(role) }) : null,
        el("b", { class: "value", text: value === null ? "–" : number(value, 3) }),
        el("progress", { max: Math.max(1, ids.length), value: graded, "aria-hidden": "true" }),
        el("span", { class: "fine", text: say("gradedOf", { n: graded, m: ids.length }) }),
      );
    });
    const why = [...grades.values()].some((grade) => grade > 0) ? "ndcgWhy" : "ndcgNone";
    return el("div", {}, el("h3", { text: say("ndcg") }), el("div", { class: "measures" }, ...values), el("p", { class: "fine", text: say(why) }));
  }

  #queries() {
    const entries = this.#grades.entries();
    if (!entries.length) return el("p", { class: "quiet-text", text: say("noQueries") });
    const rows = entries.map(([query, grades]) => {
      const again = { type: "button", text: query, "aria-current": query === this.#query ? "true" : null, on: { click: () => this.#search(query) } };
      return el("li", {}, el("button", again), el("span", { text: say("gradesOf", { n: grades.size }) }));
    });
    return el("ol", { class: "graded" }, ...rows);
  }

  #acts() {
    const none = !this.#grades.count;
    const exports = Object.keys(FILES).map((key) => el("button", { type: "button", data: { file: key }, text: say(key), on: { click: () => this.#export(key) } }));
    const menu = el("details", { class: "menu" }, el("summary", { class: "plain" }, icon("download"), el("span", { text: say("export") })), el("div", {}, ...exports));
    menu.addEventListener("toggle", () => menu.open && exports[0].focus());
    const importer = el("button", { type: "button", class: "plain", on: { click: () => this.#file.click() } }, icon("upload"), el("span", { text: say("import") }));
    return el("div", { class: "row files" }, none ? null : menu, importer, none ? null : this.#clearer());
  }

  /** Asks again before it clears: grades are work. */
  #clearer() {
    const clear = iconButton("trash", say("clear"), () => {
      if (clear.dataset.sure) return this.#grades.clear();
      clear.dataset.sure = "1";
      clear.append(el("span", { text: say("clearSure", { n: this.#grades.count }) }));
      setTimeout(() => clear.isConnected && this.draw(), SURE_MS);
    });
    clear.id = "clear-grades";
    return clear;
  }

  #export(key) {
    const { name, type, write } = FILES[key];
    const lines = this.#grades.entries().flatMap(([query, grades]) => [...grades].map(([id, grade]) => [query, id, grade]));
    const address = URL.createObjectURL(new Blob([write(lines)], { type }));
    el("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000); // by then the download has it
    this.#root.querySelector(".menu").open = false;
  }

  async #import() {
    const [file] = this.#file.files;
    if (!file) return;
    try {
      const lines = parseCsv(await file.text());
      this.#said = say("imported", { n: lines.length });
      this.#grades.add(lines);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#said = say("importFailed", { why: say(error.key, { line: String(error.line) }) });
      this.draw();
    } finally {
      this.#file.value = "";
    }
  }
}
