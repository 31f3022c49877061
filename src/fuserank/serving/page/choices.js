// How answers are shown: by whom, as list or grid, with or without evidence. Kept for later visits.

import { byId, el, icon } from "./dom.js";
import { local } from "./kept.js";
import { onLanguage, say } from "./words.js";

const MODELS = ["served", "champion", "challenger", "both"];
const LAYOUTS = ["list", "grid"];

export class Choices {
  #changed;
  #challenged = false;
  model = "served";
  layout = local.get("layout") === "grid" ? "grid" : "list";
  evidence = local.get("evidence", true) !== false;

  /** @param {(what: "model"|"layout"|"evidence") => void} changed */
  constructor(changed) {
    this.#changed = changed;
    byId("evidence").addEventListener("click", () => this.#choose("evidence", !this.evidence));
    onLanguage(() => this.draw());
    this.draw();
  }

  /** Whether there is a challenger to choose. */
  set challenged(there) {
    this.#challenged = there;
    this.draw();
  }

  /** Take a model of the page's address; one that there is not is passed over. */
  take(model) {
    this.model = MODELS.includes(model) ? model : "served";
    this.draw();
  }

  draw() {
    const views = byId("views");
    views.hidden = !this.#challenged;
    views.replaceChildren(...MODELS.map((name) => this.#segment("model", name)));
    byId("layouts").hidden = this.model === "both";
    byId("layouts").replaceChildren(...LAYOUTS.map((name) => this.#segment("layout", name, name)));
    byId("evidence").setAttribute("aria-pressed", this.evidence);
    byId("evidence").title = say("evidenceWhy");
  }

  #segment(what, value, sign = null) {
    const label = sign ? { "aria-label": say(value), title: say(value) } : {};
    const button = { type: "button", class: "segment", "aria-pressed": String(this[what] === value), data: { value }, ...label };
    return el("button", { ...button, on: { click: () => this.#choose(what, value) } }, sign ? icon(sign) : say(value));
  }

  #choose(what, value) {
    this[what] = value;
    if (what !== "model") local.set(what, value);
    this.draw();
    if (what !== "evidence") byId(what === "model" ? "views" : "layouts").querySelector('[aria-pressed="true"]').focus();
    this.#changed(what);
  }
}
