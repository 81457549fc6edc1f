import type { Edge } from './imports.ts';

/** Imports between files of ours, by the file that imports. */
type Graph = ReadonlyMap<string, readonly Edge[]>;

export function graphOf(edges: readonly Edge[]): Graph {
  return Map.groupBy(
    edges.filter(({ kind }) => kind === 'import'),
    ({ from }) => from,
  );
}

/**
 * Everything that is reached from `starts` over imports, the starts included, with the import by which it was reached
 * first; `null` for a start.
 */
export function reached(graph: Graph, starts: readonly string[]): Map<string, Edge | null> {
  const seen = new Map<string, Edge | null>(starts.map((start) => [start, null]));
  for (const [file] of seen)
    for (const edge of graph.get(file) ?? []) if (!seen.has(edge.to)) seen.set(edge.to, edge);
  return seen;
}

/** The imports from a start to `file`, in order. */
export function wayTo(seen: ReadonlyMap<string, Edge | null>, file: string): Edge[] {
  const edge = seen.get(file);
  return edge == null ? [] : [...wayTo(seen, edge.from), edge];
}

/** The shortest circle through each file that lies on one, every circle once. */
export function circles(graph: Graph): Edge[][] {
  const found = new Map<string, Edge[]>();
  for (const [file, edges] of graph) {
    const seen = reached(
      graph,
      edges.map(({ to }) => to),
    );
    if (!seen.has(file)) continue;
    const way = wayTo(seen, file);
    const first = edges.find(({ to }) => to === (way[0]?.from ?? file))!;
    const circle = [first, ...way];
    const members = circle.map(({ from }) => from).sort();
    if (!found.has(members.join())) found.set(members.join(), circle);
  }
  return [...found.values()];
}
