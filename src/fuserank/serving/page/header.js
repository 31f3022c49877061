// The top of the page: which models answer, the language, the theme.

import { byId, el } from "./dom.js";
import { openHelp } from "./keys.js";
import { local } from "./kept.js";
import { nameOf, onLanguage, say, switchLanguage } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
let health = null;

/** Make the buttons work. */
export function startHeader() {
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    local.set("theme", document.documentElement.dataset.theme);
    drawTools();
  });
  byId("language").addEventListener("click", switchLanguage);
  byId("keys-button").addEventListener("click", openHelp);
  dark.addEventListener("change", drawTools);
  onLanguage(() => {
    drawTools();
    drawModels();
  });
  drawTools();
}

/** Show what /v1/health says. */
export function showHealth(said) {
  health = said;
  drawModels();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}

function drawTools() {
  const language = byId("language");
  language.querySelector("span").textContent = say("otherLanguage");
  language.title = say("otherLanguageLabel");
  const theme = byId("theme");
  theme.title = say(isDark() ? "themeToLight" : "themeToDark");
  theme.setAttribute("aria-label", theme.title);
  theme.dataset.shows = isDark() ? "dark" : "light";
}

function drawModels() {
  const models = (health?.models ?? []).map(({ role, version, products, modalities }) => {
    const reads = modalities.map((name) => nameOf("modality", name)).join(", ");
    const title = say("modelReads", { version, products: say("products", { n: products }), modalities: reads });
    return el("li", { title }, el("i", { class: `role ${role}`, text: say(role) }), el("code", { text: version }), el("span", { text: say("products", { n: products }) }));
  });
  if (health?.problems.length) models.unshift(el("li", { class: "problem", title: health.problems.join("\n"), text: say("problems") }));
  byId("models").replaceChildren(...models);
}
