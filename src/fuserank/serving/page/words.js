// What the page says, in the language of the moment.

import { local } from "./kept.js";
import { EN } from "./words-en.js";
import { ZH } from "./words-zh.js";

const TABLES = { en: EN, zh: ZH };
const TAGS = { en: "en", zh: "zh-CN" };
const listeners = [];
let current = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

/** The tag of the language, for Intl and `lang`. */
export const tag = () => TAGS[current];

/**
 * A text.
 * @param {string} key of the tables
 * @param {Object} values for the {names} in it; `n`, a number, also chooses between one and several
 */
export function say(key, values = {}) {
  const text = TABLES[current][key];
  const form = Array.isArray(text) ? text[values.n === 1 ? 0 : 1] : text;
  return form.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : String(values[name])));
}

/** What a family or a modality is called; its own name where the tables have none. */
export const nameOf = (kind, name) => TABLES[current][`${kind}.${name}`] ?? name;

/** A number with a fixed count of digits after the point, and a true minus sign. */
export const number = (value, digits = 0) => grouped(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A number that always shows its sign. */
export const signed = (value, digits = 2) =>
  grouped(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" });

/** A share of 1 as percent. */
export const percent = (value) => grouped(value, { style: "percent", maximumFractionDigits: value < 0.0995 ? 1 : 0 });

const grouped = (value, options) => new Intl.NumberFormat(tag(), options).format(value).replace("-", "−");

/** Say the texts of all elements that name one in data-say, data-say-label or data-say-placeholder. */
export function translate() {
  document.documentElement.lang = tag();
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-say-placeholder]")) element.placeholder = say(element.dataset.sayPlaceholder);
  for (const element of document.querySelectorAll("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel));
    if (element.matches("button")) element.title = say(element.dataset.sayLabel);
  }
}

/** Be told when the language changed. */
export const onLanguage = (listener) => listeners.push(listener);

/** The other of the two languages, from now on and on later visits. */
export function switchLanguage() {
  current = current === "en" ? "zh" : "en";
  local.set("language", current);
  translate();
  for (const listener of listeners) listener();
}
