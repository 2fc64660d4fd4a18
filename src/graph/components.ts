/**
 * Strongly connected components of a small dense graph, each before every component it leads to (topological order).
 * Tarjan's algorithm with a stack of its own: a chain of 10,000 nodes must not exhaust the call stack.
 */
export function stronglyConnected(successors: readonly (readonly number[])[]): number[][] {
  const size = successors.length;
  const order = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const next = new Int32Array(size);
  const open = new Uint8Array(size);
  const stack: number[] = [];
  const path: number[] = [];
  const found: number[][] = [];
  let visited = 0;

  const enter = (node: number): void => {
    order[node] = low[node] = visited;
    visited += 1;
    open[node] = 1;
    stack.push(node);
    path.push(node);
  };
  const leave = (node: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
    if (low[node] !== order[node]) return;
    const members = stack.splice(stack.lastIndexOf(node));
    for (const member of members) open[member] = 0;
    found.push(members.sort((one, other) => one - other));
  };

  for (let root = 0; root < size; root += 1) {
    if (order[root] !== -1) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const target = successors[node]?.[next[node] ?? 0];
      next[node] = (next[node] ?? 0) + 1;
      if (target === undefined) leave(node);
      else if (order[target] === -1) enter(target);
      else if (open[target] === 1) low[node] = Math.min(low[node] ?? 0, order[target] ?? 0);
    }
  }
  return found.reverse();
}
