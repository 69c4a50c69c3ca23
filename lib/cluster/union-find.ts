/** Sets of the numbers below `n` that are joined, with path halving. */
export const unionFind = (n: number) => {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const find = (row: number): number => {
    let at = row;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  const join = (a: number, b: number): boolean => {
    const [rootA, rootB] = [find(a), find(b)];
    if (rootA === rootB) return false;
    parent[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
    return true;
  };
  return { find, join };
};
