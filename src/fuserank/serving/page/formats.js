// Grades as files. Every line is [query, product id, grade]; queries are numbered from 1 in the order of the lines.

const HEADER = ["query", "docid", "rating"];

/** TREC qrels, `qid 0 docid grade`. Spaces in an id, which the format cannot hold, become %20 and the like. */
export const qrels = (lines) => lines.map(([query, id, grade]) => `${numbered(lines).get(query)} 0 ${encodeSpaces(id)} ${grade}\n`).join("");

/** What the numbers stand for: `qid<TAB>query`. */
export const topics = (lines) => [...numbered(lines)].map(([query, qid]) => `${qid}\t${query.replace(/\s+/g, " ")}\n`).join("");

/** CSV with the columns of Quepid's judgments (RFC 4180, lines end in \n). */
export const csv = (lines) => [HEADER, ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");

/** Both, as JSON. */
export function json(lines) {
  const queries = [...numbered(lines)].map(([query, qid]) => ({
    qid,
    query,
    judgments: lines.filter(([other]) => other === query).map(([, docid, rating]) => ({ docid, rating })),
  }));
  return `${JSON.stringify(queries, null, 2)}\n`;
}

/** Why a file cannot be read: `key` names the words, `line` the line where it went wrong, from 1. */
export class Unreadable extends Error {
  constructor(key, line = null) {
    super(key);
    Object.assign(this, { key, line });
  }
}

/**
 * Lines of a CSV with the columns query, docid and rating, in any order, among others. A blank rating is no grade.
 * @throws {Unreadable}
 */
export function parseCsv(text) {
  const [header, ...rows] = records(text.replace(/^\uFEFF/, ""));
  const names = (header?.cells ?? []).map((cell) => cell.trim().toLowerCase());
  const at = HEADER.map((name) => names.indexOf(name));
  if (at.includes(-1)) throw new Unreadable("csvColumns");
  const lines = [];
  for (const { cells, line } of rows) {
    const [query, id, rating] = at.map((i) => cells[i]?.trim());
    if (!query || !id || rating === undefined) throw new Unreadable("csvShort", line);
    if (rating === "") continue;
    if (!/^[0-3](\.0+)?$/.test(rating)) throw new Unreadable("csvRating", line);
    lines.push([query, id, Number(rating)]);
  }
  return lines;
}

/** Records of a CSV with the line on which each begins; empty lines are none. */
function records(text) {
  const found = [];
  let [cells, line, start] = [[], 1, 1];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (cell.lastIndex < text.length || cells.length) {
    const match = cell.exec(text);
    if (!match) throw new Unreadable("csvQuote");
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]);
    line += match[0].split(/\r\n|\n|\r/).length - 1;
    if (match[3] === ",") continue;
    if (cells.length > 1 || cells[0]) found.push({ cells, line: start });
    [cells, start] = [[], line];
  }
  return found;
}

const quoted = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value));
const encodeSpaces = (id) => id.replace(/\s/g, encodeURIComponent);

function numbered(lines) {
  const numbers = new Map();
  for (const [query] of lines) if (!numbers.has(query)) numbers.set(query, numbers.size + 1);
  return numbers;
}
