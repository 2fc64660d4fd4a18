import { canonicalJson, isJsonObject, type Json } from "../../../src/base/json.ts";
import type { FollowedRun, SeenFrame } from "../follower.ts";

/** Of frames that a dead attempt had streamed nothing is kept: they were shown once, and their ids mean nothing else. */
const STREAMED = new Set(["messages", "custom"]);
const MODE_OF: Readonly<Record<string, string>> = { messages: "messages-tuple", metadata: "", error: "" };

/** Every frame once, in order, the same whoever looks and whenever (G7). `whole`: one follower of all modes from the first id on. */
export function checkFrames(
  run: string,
  whole: FollowedRun,
  follows: readonly FollowedRun[],
  isOver: boolean,
): string[] {
  const findings: string[] = [];
  const told = new Map(whole.frames.map((frame) => [frame.id, frame]));
  const lost = new Map<number, SeenFrame>();
  const text = ({ event, data }: SeenFrame): string => `${isQuestion(data) ? "" : event} ${canonicalJson(data)}`;
  if (isOver && !whole.isComplete) findings.push(`run ${run} is over, its stream is not`);
  for (const follow of follows) {
    const seen = new Set(follow.frames.map(({ id }) => id));
    for (const frame of follow.frames) {
      const same = told.get(frame.id) ?? lost.get(frame.id);
      if (same !== undefined && text(same) !== text(frame))
        findings.push(`frame ${frame.id} of ${run} had two meanings`);
      if (same !== undefined) continue;
      if (!STREAMED.has(frame.event)) findings.push(`frame ${frame.id} of ${run}, ${frame.event}, is not in the log`);
      lost.set(frame.id, frame);
    }
    const last = follow.isComplete ? Number.POSITIVE_INFINITY : (follow.frames.at(-1)?.id ?? -1);
    const modes = new Set<string>(["", ...follow.modes]);
    for (const frame of whole.frames) {
      if (frame.id > last || seen.has(frame.id) || !modes.has(MODE_OF[frame.event] ?? frame.event)) continue;
      findings.push(`a follower of ${run} never got frame ${frame.id}, ${frame.event}`);
    }
    if (isOver && !follow.isComplete) findings.push(`a follower of ${run} was never told of its end`);
  }
  const errors = whole.frames.filter(({ event }) => event === "error").length;
  if (errors > 1) findings.push(`run ${run} has ${errors} ends`);
  return findings;
}

/** Questions left open by a run before are told once, in the one mode of several that a follower asks for. */
function isQuestion(data: Json): boolean {
  return isJsonObject(data) && "__interrupt__" in data;
}
