import type { JsonObject } from "../../base/json.ts";
import type { Plan } from "../plan.ts";
import { oneLine } from "./labels.ts";
import { outlineOf } from "./outline.ts";
import { stateSchema } from "./state-schema.ts";

/** LangGraph's drawable graph, what `GET /assistants/{id}/graph` answers. */
export interface Drawable {
  readonly nodes: readonly DrawableNode[];
  readonly edges: readonly DrawableEdge[];
}

export interface DrawableNode {
  readonly id: string;
  readonly type: "runnable" | "schema";
  readonly data: JsonObject;
  /** Of a composite: which graph its frames run, and how many nodes that has. */
  readonly metadata?: JsonObject;
}

export interface DrawableEdge {
  readonly source: string;
  readonly target: string;
  /** The condition, shortened. */
  readonly data?: string;
  /** Left out where the edge is taken always. */
  readonly conditional?: true;
}

const [START, END] = ["__start__", "__end__"];

/** A node's id may begin with a letter only, so that the two ends can be nobody's. */
export function toDrawable(plan: Plan): Drawable {
  const { vertices, links } = outlineOf(plan);
  const ids = vertices.map(({ kind, id }) => (kind === "start" ? START : kind === "end" ? END : id));
  return {
    nodes: [
      { id: START, type: "schema", data: { ...stateSchema(plan, plan.input), title: START } },
      ...plan.nodes.map(
        ({ id, kind, inside }): DrawableNode => ({
          id,
          type: "runnable",
          data: { id: ["edgewise", "nodes", kind], name: id },
          ...(inside === undefined ? {} : { metadata: { graph: inside.id, nodes: inside.nodes.length } }),
        }),
      ),
      { id: END, type: "schema", data: { ...stateSchema(plan, plan.output), title: END } },
    ],
    edges: links.map(
      ({ from, to, label }): DrawableEdge => ({
        source: ids[from] ?? START,
        target: ids[to] ?? END,
        ...(label === "" ? {} : { data: oneLine(label, 200), conditional: true }),
      }),
    ),
  };
}
