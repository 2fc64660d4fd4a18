import { expect, it } from "vitest";
import { printRun } from "./run-printer.ts";
import type { Terminal } from "./terminal.ts";

function collect(): { readonly terminal: Terminal; text(): string } {
  let text = "";
  let midLine = false;
  const terminal: Terminal = {
    line(line = "") {
      text += `${midLine ? "\n" : ""}${line}\n`;
      midLine = false;
    },
    write(piece) {
      text += piece;
      midLine = !piece.endsWith("\n");
    },
    style: (_style, piece) => piece,
  };
  return { terminal, text: () => text.replaceAll(/\d+ ms/g, "0 ms") };
}

const start = (name: string) => ({ id: name, name, input: {}, triggers: [], interrupts: [] });
const end = (name: string) => ({ id: name, name, result: {}, interrupts: [] });
const says = (node: string, content: string) => [{ content }, { langgraph_node: node }];

it("gives each node a line as it starts and as it ends, and shows the answering node's text alone", () => {
  const printed = collect();
  const printer = printRun(printed.terminal, "brief");
  printer.show("tasks", start("facts"));
  printer.show("messages", says("facts", "hidden"));
  printer.show("tasks", end("facts"));
  printer.show("tasks", start("brief"));
  printer.show("messages", says("brief", "One "));
  printer.show("messages", says("brief", "two."));
  printer.show("tasks", end("brief"));
  expect(printed.text().split("\n")).toEqual([
    "  ▸ facts          started",
    "  ✓ facts          done in 0 ms",
    "  ▸ brief          started",
    "",
    "One two.",
    "",
    "  ✓ brief          done in 0 ms",
    "",
  ]);
  expect(printer.finished()).toBe(2);
});

it("a failed node says why, and does not count as finished", () => {
  const printed = collect();
  const printer = printRun(printed.terminal, "brief");
  printer.show("tasks", start("facts"));
  printer.show("tasks", { id: "facts", name: "facts", error: "the model refused", interrupts: [] });
  printer.show("error", { error: "node_failed", message: "facts failed" });
  expect(printed.text()).toContain("✗ facts          failed after 0 ms: the model refused\n  ✗ facts failed\n");
  expect(printer.finished()).toBe(0);
});
