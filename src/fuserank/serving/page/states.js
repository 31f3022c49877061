// What stands where answers stand, while there are none.

import { byId, el, icon } from "./dom.js";
import { say } from "./words.js";

const SKELETONS = 6;
const WAYS = { Words: "words", Voice: "mic", Picture: "picture" };

/** Before the first search. */
export function drawStart() {
  const ways = Object.entries(WAYS).map(([way, sign]) =>
    el("li", {}, icon(sign), el("b", { text: say(`start${way}`) }), el("span", { text: say(`start${way}Why`, { key: "/" }) })),
  );
  put("start", el("h1", { text: say("startTitle") }), el("p", { text: say("startWhy") }), el("ul", {}, ...ways));
}

/** While the first answer is on its way; an older one only fades. */
export function drawLoading() {
  const columns = byId("columns");
  columns.setAttribute("aria-busy", "true");
  if (columns.querySelector(".card")) return;
  const rows = Array.from({ length: SKELETONS }, () => el("li", { class: "skeleton" }, el("i"), el("i"), el("i")));
  columns.className = "columns list";
  columns.replaceChildren(el("ol", { class: "list", "aria-hidden": "true" }, ...rows));
}

/** The answer is there, or none will come. */
export const doneLoading = () => byId("columns").removeAttribute("aria-busy");

/** Nothing was found. */
export const drawNothing = () => put("empty", icon("search"), el("h2", { text: say("nothing") }), el("p", { text: say("nothingWhy") }));

/** A refusal, in the service's own words, which are English. */
export function drawRefusal({ status, error, allowed, todo }, retry) {
  const facts = Object.entries({ allowed, todo: status === 0 ? say("unreachableTodo") : todo }).filter(([, text]) => text);
  const title = status === 0 ? say("unreachable") : say("failed", { status: String(status) });
  const said = facts.flatMap(([key, text]) => [el("dt", { text: say(key) }), el("dd", { text, lang: key === "todo" && status === 0 ? null : "en" })]);
  put(
    "error",
    icon("warn"),
    el("h2", { text: title }),
    error && el("p", { text: error, lang: "en" }),
    el("dl", {}, ...said),
    el("button", { type: "button", class: "plain", on: { click: retry } }, icon("again"), el("span", { text: say("retry") })),
  );
}

function put(kind, ...children) {
  byId("agreement").hidden = true;
  const columns = byId("columns");
  columns.className = "columns";
  columns.replaceChildren(el("div", { class: `state ${kind}`, role: kind === "error" ? "alert" : null }, ...children));
}
