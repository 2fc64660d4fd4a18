import type { Json } from "../../src/base/json.ts";
import { isKilled, LIKENESS_RUN, likenessOf } from "./likeness.ts";
import { likenessCommand } from "./likeness-command.ts";
import { NOBODY } from "./timeline.ts";
import { World } from "./world.ts";

/** One scenario in the simulator: without faults, or with an object that dies on its way. */
export async function runLikeness(number: number): Promise<string> {
  const world = new World(number, isKilled(number) ? ["crash-between", "crash-after-commit"] : [], false);
  try {
    const object = world.addObject(0);
    world.begin();
    const address = { tenant: "acme", threadId: "thread-0" };
    const command = likenessCommand(number, world.kinds, { ...address, runId: LIKENESS_RUN });
    let reply: Json | undefined;
    void object.call(NOBODY, (thread) => thread.startRun(command)).then((answer) => (reply = answer.ok));
    for (const end = 3_600_000; world.recorders[0]?.runs()[0]?.lastSeq === null || reply === undefined; )
      if (!(await world.timeline.step(end))) break;
    const [run] = world.recorders[0]?.runs() ?? [];
    let values: Json = null;
    void object
      .call(NOBODY, (thread) => thread.getThread(address))
      .then((answer) => {
        if (answer.ok) values = answer.value.values;
      });
    world.faults.isOver = true;
    const shownBy = world.timeline.now + 1_000;
    while (await world.timeline.step(shownBy));
    const entries = (world.recorders[0]?.commits() ?? []).map(({ entry }) => entry);
    return likenessOf(entries, run?.status ?? "none", values);
  } finally {
    world.close();
  }
}
