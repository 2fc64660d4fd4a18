import type { Json } from "../../base/json.ts";
import { compileGraph } from "../../graph/compile.ts";
import type { CompileResult } from "../../graph/compile.ts";
import type { Inside, NodeCompiler, NodeKindSpec } from "../../graph/kinds.ts";
import { nodeKinds } from "../registry.ts";
import { valueAt, withValueAt } from "./samples.ts";
import type { Sample } from "./samples.ts";

/** What a kind handed to the compiler: which of its methods, what, and the field's path within the node. */
export interface Handed {
  readonly method: "expression" | "template" | "value" | "schema" | "target" | "inside" | "channel" | "node";
  readonly source: Json;
  readonly path: readonly (string | number)[];
}

/** What the sample's node is called while it is recorded, so that others of its kind are not. */
const RECORDED = "recorded";

/** Compiles a sample and notes what the kind of its node hands to the compiler. */
export function compileRecorded({ document, node }: Sample): { result: CompileResult; handed: readonly Handed[] } {
  const handed: Handed[] = [];
  const path = ["nodes", node, "kind"];
  const kind = valueAt(document, path);
  const spec = typeof kind === "string" ? nodeKinds.get(kind) : undefined;
  if (spec === undefined) throw new Error(`The node "${node}" is of no known kind.`);
  const compile: NodeKindSpec["compile"] = (config, compiler) =>
    spec.compile(config, recordingCompiler(compiler, handed));
  const kinds = new Map<string, NodeKindSpec>([...nodeKinds, [RECORDED, { ...spec, kind: RECORDED, compile }]]);
  return { result: compileGraph({ document: withValueAt(document, path, RECORDED) }, kinds), handed };
}

function recordingCompiler(compiler: NodeCompiler, handed: Handed[]): NodeCompiler {
  const note = (method: Handed["method"], source: Json, path: Handed["path"]) => handed.push({ method, source, path });
  return {
    expression: (source, path, locals) => (note("expression", source, path), compiler.expression(source, path, locals)),
    template: (source, path) => (note("template", source, path), compiler.template(source, path)),
    value: (value, path, locals) => (note("value", value, path), compiler.value(value, path, locals)),
    schema: (schema, path) => (note("schema", schema, path), compiler.schema(schema, path)),
    target: (to, path, label) => (note("target", to, path), compiler.target(to, path, label)),
    channel: (name, path, use) => (note("channel", name, path), compiler.channel(name, path, use)),
    node: (id, path) => (note("node", id, path), compiler.node(id, path)),
    problem: (code, message, path, more) => compiler.problem(code, message, path, more),
    inside(source, path, locals) {
      note("inside", source, path);
      const inside = compiler.inside(source, path, locals);
      return inside && recordingInside(inside, note);
    },
  };
}

function recordingInside(inside: Inside, note: (...handed: [Handed["method"], Json, Handed["path"]]) => void): Inside {
  return {
    ...inside,
    expression: (source, path) => (note("expression", source, path), inside.expression(source, path)),
    channel: (name, path) => (note("channel", name, path), inside.channel(name, path)),
  };
}
