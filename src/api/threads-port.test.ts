import { expect, it } from "vitest";
import type { ThreadApi, ThreadView } from "../../durable-objects/thread-api.ts";
import { failure, type Reply } from "../base/errors.ts";
import { objectName } from "../security/tenant.ts";
import { threadsPort } from "./threads-port.ts";

const address = { tenant: "acme", threadId: "t" };
const view = { thread_id: "t" } as ThreadView;
const reset = Object.assign(new Error("reset"), { retryable: true, remote: false });

/** A namespace whose object answers with these outcomes, one a call; an error is thrown as the platform throws it. */
function namespaceOf(...outcomes: readonly (Reply<ThreadView> | Error)[]) {
  const calls: string[] = [];
  const pauses: number[] = [];
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string) => ({
      getThread: async () => {
        const outcome = outcomes[calls.length] ?? reset;
        calls.push(name);
        if (outcome instanceof Error) throw outcome;
        return outcome;
      },
    }),
  } as unknown as DurableObjectNamespace;
  const port = threadsPort(namespace, async (delayMs) => void pauses.push(delayMs));
  return { port, calls, pauses };
}
const getThread = (thread: ThreadApi) => thread.getThread(address);

it("an object is named by tenant and thread", async () => {
  const { port, calls } = namespaceOf({ ok: true, value: view });
  expect(await port.once(address, getThread)).toBe(view);
  expect(calls).toEqual([objectName("acme", "thread", "t")]);
});

it("a reply that is an error is thrown as what it says, and not asked for again", async () => {
  const { record } = failure("unavailable", "mine", { retryable: true });
  const { port, calls } = namespaceOf({ ok: false, error: record });
  await expect(port.surely(address, getThread)).rejects.toMatchObject({ code: "unavailable", message: "mine" });
  expect(calls).toHaveLength(1);
});

it("a call that the platform dropped is made again, later each time", async () => {
  const dropped = Object.assign(new Error("dropped"), { durableObjectReset: true });
  const { port, pauses } = namespaceOf(reset, dropped, new Error("unmarked"), { ok: true, value: view });
  expect(await port.surely(address, getThread)).toBe(view);
  expect(pauses).toHaveLength(3);
  expect([...pauses].sort((one, other) => one - other)).toEqual(pauses);
});

it("after enough attempts the answer is `unavailable`, retryable", async () => {
  const { port, calls } = namespaceOf();
  await expect(port.surely(address, getThread)).rejects.toMatchObject({ code: "unavailable", retryable: true });
  expect(calls).toHaveLength(5);
});

it("what must not happen twice is called once", async () => {
  const { port, calls } = namespaceOf();
  await expect(port.once(address, getThread)).rejects.toMatchObject({ code: "unavailable" });
  expect(calls).toHaveLength(1);
});

it.each([
  ["inside the object", Object.assign(new Error("bug"), { remote: true })],
  ["in the call", new TypeError("bug")],
])("a fault of ours %s is not the platform's, and not called again", async (_, error) => {
  const { port, calls } = namespaceOf(error);
  await expect(port.surely(address, getThread)).rejects.toThrow("bug");
  expect(calls).toHaveLength(1);
});
