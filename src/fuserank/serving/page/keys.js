// The keyboard. Keys that write are left to fields; the rest works wherever the focus is.

import { byId, el } from "./dom.js";
import { say } from "./words.js";

const LIST = [
  [["/"], "keyFocus"],
  [["Enter"], "keySearch"],
  [["↓", "↑", "j", "k"], "keyWalk"],
  [["←", "→"], "keyColumns"],
  [["0", "1", "2", "3"], "keyGrade"],
  [["⌫"], "keyUngrade"],
  [["Enter"], "keyOpen"],
  [["e"], "keyExplain"],
  [["Esc"], "keyEscape"],
  [["?"], "keyHelp"],
];

/**
 * Listen to keys.
 * @param {Walk} walk through the results
 * @param {{grade: Function, open: Function, explain: Function, escape: () => boolean}} on the first three are called with the focused
 *   card; `escape` says whether there was something to close
 */
export function listenToKeys(walk, on) {
  const withCard = (act) => () => walk.focused && (act(walk.focused), true);
  const keys = {
    "/": () => (byId("text").focus(), byId("text").select(), true),
    "?": () => (openHelp(), true),
    j: () => walk.step(1),
    k: () => walk.step(-1),
    ArrowDown: () => walk.line(1),
    ArrowUp: () => walk.line(-1),
    ArrowRight: () => walk.across(1) || (walk.focused && walk.step(1)),
    ArrowLeft: () => walk.across(-1) || (walk.focused && walk.step(-1)),
    Backspace: withCard((card) => on.grade(card, null)),
    Delete: withCard((card) => on.grade(card, null)),
    e: withCard(on.explain),
  };
  for (const grade of [0, 1, 2, 3]) keys[grade] = withCard((card) => on.grade(card, grade));

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (on.escape()) event.preventDefault();
      return;
    }
    const handled = isField(event.target) ? fromField(event, walk) : event.key === "Enter" ? opens(event, on) : keys[event.key]?.();
    if (handled) event.preventDefault();
  });
}

/** Only the arrow down leaves a field, and only the search box. */
const fromField = ({ key, target }, walk) => key === "ArrowDown" && target.id === "text" && walk.step(0);

/** Enter on a card; on a button it is the button's. */
const opens = ({ target }, on) => target.matches(".card") && (on.open(target), true);

const isField = (target) => target.matches?.("input, textarea, select, [contenteditable]") ?? false;

/** Show which keys there are. */
export function openHelp() {
  const rows = LIST.flatMap(([keys, text]) => [el("dt", {}, ...keys.map((key) => el("kbd", { text: key }))), el("dd", { text: say(text) })]);
  byId("keys-list").replaceChildren(...rows);
  byId("keys").showModal();
}
