// nDCG with linear gain, as fuserank.metrics.ndcg computes it.

/**
 * nDCG@k of a shown order: gain = grade, discount 1 / log2(1 + rank).
 * @param {string[]} shown product ids, best first
 * @param {Map<string, number>} grades all that are given for the query; a product without one counts 0
 * @returns {number|null} in [0, 1]; null when no grade is above 0: such a query says nothing
 */
export function ndcg(shown, grades, k = 10) {
  const dcg = (gains) => gains.slice(0, k).reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
  const ideal = dcg([...grades.values()].sort((a, b) => b - a));
  return ideal > 0 ? dcg(shown.map((id) => grades.get(id) ?? 0)) / ideal : null;
}
