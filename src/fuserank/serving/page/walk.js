// Walking through the results: one card at a time can be reached with Tab, the rest with keys.

/** The cards of a root, in the order of the page. */
export class Walk {
  #root;

  /** @param {HTMLElement} root holds `.card` elements, now or later */
  constructor(root) {
    this.#root = root;
    root.addEventListener("focusin", ({ target }) => this.#reach(target.closest(".card")));
  }

  /** The card that has the focus, or holds it. */
  get focused() {
    const card = document.activeElement?.closest(".card");
    return card && this.#root.contains(card) ? card : null;
  }

  /** Let Tab find the first card. */
  start() {
    this.#reach(this.#cards(0)[0] ?? null);
  }

  /** Focus the card `by` places on in its column; the first when none has the focus. False when there are none. */
  step(by) {
    const here = this.focused;
    const cards = this.#cards(here?.dataset.column ?? 0);
    return this.#focus(here ? cards[Math.max(0, Math.min(cards.length - 1, cards.indexOf(here) + by))] : cards[0]);
  }

  /** Focus what stands below (1) or above (-1): in a grid that is not the next one. */
  line(by) {
    const here = this.focused;
    if (!here) return this.step(by);
    const { left, top } = here.getBoundingClientRect();
    const offset = (card) => card.getBoundingClientRect();
    const ahead = this.#cards(here.dataset.column).filter((card) => (offset(card).top - top) * by > 1);
    const nearest = (card) => Math.abs(offset(card).top - top) * 1e4 + Math.abs(offset(card).left - left);
    return this.#focus(ahead.sort((a, b) => nearest(a) - nearest(b))[0] ?? here);
  }

  /** Focus the same place of the other column. False when there is none. */
  across(by) {
    const here = this.focused;
    const cards = here ? this.#cards(Number(here.dataset.column) + by) : [];
    return this.#focus(cards[Math.min(cards.length, Number(here?.dataset.rank)) - 1]);
  }

  #cards(column) {
    return [...this.#root.querySelectorAll(`.card[data-column="${column}"]`)];
  }

  #focus(card) {
    card?.focus();
    card?.scrollIntoView({ block: "nearest" });
    return Boolean(card);
  }

  #reach(card) {
    if (!card) return;
    for (const old of this.#root.querySelectorAll('.card[tabindex="0"]')) setReach(old, -1);
    setReach(card, 0);
  }
}

function setReach(card, tabindex) {
  card.tabIndex = tabindex;
  for (const button of card.querySelectorAll("button")) button.tabIndex = tabindex;
}
