// What was shown and opened, in the words of User Behavior Insights. A service without the route is told nothing.

import { ask, send } from "./api.js";
import { session } from "./kept.js";

const ROUTE = "/v1/feedback";
const MOST_EVENTS = 1000;

let taken = null; // a promise of whether the service takes feedback

/** A name for this tab's visit, so that one model answers all of it. */
export function visit() {
  let name = session.get("visit");
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    session.set("visit", name);
  }
  return name;
}

/** Tell of an answer's products. */
export const shown = (answer, shopper) => tell("impression", answer, answer.results, shopper);

/** Tell that one of them was opened. */
export const opened = (answer, product, shopper) => tell("click", answer, [product], shopper);

async function tell(action, answer, products, shopper) {
  if (!products.length) return;
  const events = products.slice(0, MOST_EVENTS).map((product) => ({
    action_name: action,
    query_id: answer.request_id,
    timestamp: new Date().toISOString(),
    session_id: visit(),
    ...(shopper && { client_id: shopper }),
    event_attributes: { object: { object_id: product.product_id }, position: { ordinal: product.rank } },
  }));
  try {
    // Asked of the schema, and not tried: a route that is not there would leave an error in the browser's console.
    taken ??= ask("/openapi.json").then(({ paths }) => ROUTE in paths);
    if (await taken) await send(ROUTE, { body: { events } });
  } catch {
    // An event that is lost spoils nothing for who searches.
  }
}
