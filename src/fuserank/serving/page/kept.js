// What the browser keeps. Storage may be off, full or foreign: then nothing is kept, and the page goes on.

class Shelf {
  #storage;

  /** @param {() => Storage} storage looked up at each use, because even naming it may throw */
  constructor(storage) {
    this.#storage = storage;
  }

  /** The kept JSON value, else `otherwise`. */
  get(name, otherwise = null) {
    try {
      return JSON.parse(this.#storage().getItem(`fuserank.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  /** Keep a JSON value; false when that failed. */
  set(name, value) {
    try {
      this.#storage().setItem(`fuserank.${name}`, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }
}

/** For good. */
export const local = new Shelf(() => localStorage);
/** Until the tab is closed. */
export const session = new Shelf(() => sessionStorage);
