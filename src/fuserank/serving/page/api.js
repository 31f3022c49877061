// The service. Only paths of this origin are ever asked, so the token goes nowhere else.

import { session } from "./kept.js";

const BUSY_TRIES = 3;
let token = session.get("token", "");
let askForToken = async () => "";
let asking = null;

/** A request that was not answered: status (0: the service cannot be reached), and the service's own words. */
export class Refused extends Error {
  constructor(status, { error = "", allowed = "", todo = "" } = {}) {
    super(error || `status ${status}`);
    Object.assign(this, { status, error, allowed, todo });
  }
}

/** Say how a token is asked for: (whether one was refused) -> Promise of it, "" when there is none. */
export const onTokenWanted = (ask) => (askForToken = ask);

/**
 * Send a request; a service that is busy is asked again when it says, and one that wants a token gets it.
 * @param {string} path of this origin
 * @param {{body?: object, signal?: AbortSignal}} how with a body it is a POST of JSON
 * @returns {Promise<Response>}
 * @throws {Refused} or AbortError
 */
export async function send(path, { body, signal } = {}) {
  for (let tries = 1; ; tries++) {
    const used = token;
    const response = await once(path, body, used, signal);
    if (response.ok) return response;
    if (response.status === 401 && (await newToken(used))) continue;
    if (response.status === 503 && response.headers.has("Retry-After") && tries < BUSY_TRIES) {
      await wait(Number(response.headers.get("Retry-After")) * 1000, signal);
      continue;
    }
    throw new Refused(response.status, await response.json().catch(() => ({})));
  }
}

/** The JSON of an answer; as `send`. */
export const ask = async (path, how) => (await send(path, how)).json();

async function once(path, body, used, signal) {
  const headers = used ? { Authorization: `Bearer ${used}` } : {};
  const sent = body ? { method: "POST", body: JSON.stringify(body) } : {};
  if (body) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { ...sent, headers, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0);
  }
}

/** Whether there is another token than the one that was refused. However many requests are refused, it is asked for once. */
async function newToken(refused) {
  if (token !== refused) return true;
  asking ??= askForToken(Boolean(refused)).finally(() => (asking = null));
  const given = await asking;
  if (!given) return false;
  token = given;
  session.set("token", token);
  return true;
}

function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.min(milliseconds || 1000, 5000));
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
