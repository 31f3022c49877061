// The search in the page's address, so that it can be sent to somebody and gone back to. Pictures and sounds do not fit in there.

const NUMBERS = ["k", "depth"];

/** Write a search into the address, as a new entry of the history when it is another one. */
export function writeAddress({ text, model, k, depth, filters = {}, shopper }) {
  const search = new URLSearchParams();
  const put = (name, value) => value !== null && value !== undefined && value !== "" && search.append(name, value);
  put("q", text);
  if (model !== "served") put("model", model);
  if (k !== 10) put("k", k);
  if (depth !== 200) put("depth", depth);
  put("shopper", shopper);
  put("min", filters.min_price);
  put("max", filters.max_price);
  for (const value of filters.categories ?? []) put("category", value);
  for (const value of filters.brands ?? []) put("brand", value);
  const query = search.toString();
  if (query !== location.search.slice(1)) history.pushState(null, "", query ? `?${query}` : location.pathname);
}

/** The search of the address; what is not there is undefined. */
export function readAddress() {
  const search = new URLSearchParams(location.search);
  const filters = {};
  for (const [name, key] of [["min", "min_price"], ["max", "max_price"]]) if (search.has(name)) filters[key] = Number(search.get(name));
  for (const [name, key] of [["category", "categories"], ["brand", "brands"]]) if (search.has(name)) filters[key] = search.getAll(name);
  const read = { text: search.get("q") ?? "", model: search.get("model") ?? undefined, shopper: search.get("shopper"), filters };
  for (const name of NUMBERS) if (Number(search.get(name)) > 0) read[name] = Number(search.get(name));
  return read;
}
