// A field for several values: what is typed becomes a chip with Enter or a comma; values seen in answers are suggested.

import { el, icon } from "./dom.js";
import { onLanguage, say } from "./words.js";

const MOST_SUGGESTED = 200;

export class Several {
  #root;
  #name;
  #none;
  #values = [];
  #seen = new Set();
  #changed;
  #input;
  #list;

  /**
   * @param {HTMLElement} root becomes the field
   * @param {string} name key of its label
   * @param {string} none key of what stands in it while it is empty
   * @param {() => void} changed called when its values are others
   */
  constructor(root, name, none, changed) {
    this.#root = root;
    this.#name = name;
    this.#none = none;
    this.#changed = changed;
    this.#list = el("datalist", { id: `${root.id}-seen` });
    this.#input = el("input", { id: `${root.id}-new`, list: this.#list.id, maxlength: 1024, autocomplete: "off", spellcheck: "false" });
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("input", (event) => {
      // A suggestion that was picked comes at once, without a key.
      if (event.inputType === "insertReplacementText" || !(event instanceof InputEvent)) this.#take();
    });
    this.#input.addEventListener("change", () => this.#take());
    onLanguage(() => this.#draw());
    this.#draw();
  }

  get values() {
    return [...this.#values];
  }

  set values(values) {
    this.#values = [...new Set(values)];
    this.#draw();
  }

  /** Suggest these from now on, too. */
  suggest(values) {
    for (const value of values) if (value && this.#seen.size < MOST_SUGGESTED) this.#seen.add(value);
    this.#drawList();
  }

  #key(event) {
    if (event.key === "Enter" || event.key === ",") {
      if (event.key === "," || this.#input.value.trim()) event.preventDefault();
      this.#take();
    } else if (event.key === "Backspace" && !this.#input.value && this.#values.length) {
      this.#set(this.#values.slice(0, -1));
    }
  }

  #take() {
    const value = this.#input.value.replace(/,$/, "").trim();
    this.#input.value = "";
    if (value && !this.#values.includes(value)) this.#set([...this.#values, value]);
  }

  #set(values) {
    this.#values = values;
    this.#draw();
    this.#input.focus();
    this.#changed();
  }

  #draw() {
    const chips = this.#values.map((value) => {
      const remove = { type: "button", "aria-label": `${say("remove")} ${value}`, on: { click: () => this.#set(this.#values.filter((v) => v !== value)) } };
      return el("span", { class: "chip" }, el("span", { text: value }), el("button", remove, icon("close")));
    });
    this.#input.placeholder = this.#values.length ? "" : say(this.#none);
    const label = el("label", { class: "name", for: this.#input.id, text: say(this.#name) });
    this.#root.replaceChildren(label, el("span", { class: "chips" }, ...chips, this.#input), this.#list);
    this.#drawList();
  }

  #drawList() {
    const open = [...this.#seen].filter((value) => !this.#values.includes(value)).sort((a, b) => a.localeCompare(b));
    this.#list.replaceChildren(...open.map((value) => el("option", { value })));
  }
}
