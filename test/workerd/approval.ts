import { call, read } from "./client.ts";

/** What tests do with threads whose runs ask. */

export const NO_CHECKPOINT = "1ef4a9b8-0000-6000-8000-000000000001";
export const NO_INTERRUPT = "0123456789abcdef0123456789abcdef";

export interface Open {
  readonly id: string;
  readonly value: unknown;
  readonly node: string;
  readonly run_id: string;
}
export interface State {
  readonly values: Record<string, unknown>;
  readonly next: readonly string[];
  readonly tasks: readonly { readonly id: string; readonly name: string; readonly interrupts: readonly unknown[] }[];
  readonly interrupts: readonly unknown[];
  readonly checkpoint: { readonly checkpoint_id: string };
  readonly metadata: Record<string, unknown>;
}
export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly pointer?: string;
  readonly details?: { readonly open?: readonly { readonly id: string }[] };
}

/** @param key what calls are made with, once there is one */
export function threadsOf(key: () => string) {
  const get = <T>(path: string) => read<T>(call(path, { key: key() }));
  const post = <T = Record<string, unknown>>(path: string, json: unknown = {}) =>
    read<T>(call(path, { key: key(), json }));
  async function refused(path: string, json: unknown = {}): Promise<Problem & { readonly status: number }> {
    const answer = await call(path, { key: key(), json });
    return { ...(await answer.json<Problem>()), status: answer.status };
  }
  const start = (thread: string, body: object) => post(`${thread}/runs/wait`, { assistant_id: "approval", ...body });
  const openOf = (thread: string) => get<Open[]>(`${thread}/interrupts`);
  const stateOf = (thread: string) => get<State>(`${thread}/state`);

  async function newThread(): Promise<string> {
    return `/threads/${(await post<{ thread_id: string }>("/threads")).thread_id}`;
  }

  /** A thread whose run stands at the gate. */
  async function asked(topic = "bees"): Promise<{ thread: string; open: Open }> {
    const thread = await newThread();
    await start(thread, { input: { topic } });
    const [open, ...others] = await openOf(thread);
    if (open === undefined || others.length > 0) throw new Error("one question should be open");
    return { thread, open };
  }

  async function over(thread: string, runId: string): Promise<Record<string, unknown>> {
    return get(`${thread}/runs/${runId}/join`);
  }

  async function everything(thread: string): Promise<unknown> {
    return Promise.all(
      [thread, `${thread}/state`, `${thread}/history`, `${thread}/interrupts`, `${thread}/runs`].map(get),
    );
  }

  return { get, post, refused, start, openOf, stateOf, newThread, asked, over, everything };
}
