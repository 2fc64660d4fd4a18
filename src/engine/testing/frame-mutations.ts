/** Planted errors of composites (R10), for {@link NaiveFrames}: each turns one sentence around. */
export const FRAME_MUTATIONS = {
  "open-composite-holds-a-slot": "R10c: a composite keeps its slot while its frames run",
  "frames-begin-all-at-once": "R10c: all frames are asked for at once, however many may be open",
  "over-with-its-first-frame": "R10c: a composite's outcome is due when its first frame is over",
  "shared-channel-begins-empty": "R10d: a frame begins without what its composite sees",
  "frame-sees-later-writes": "R10d: a frame begins with all that is committed around it by then",
  "shared-writes-in-order-of-commit": "R10d: what was written inside leaves in the order of commit",
  "failed-frame-is-over": "R10e: a frame with failures is over, although its composite does not bear them",
  "tolerant-frame-leaves-its-waits": "R10e: a frame is left while a task in it waits, if its composite bears failures",
  "frame-limit-counts-levels-around": "R10f: the step limit counts the levels around a frame too",
  "ids-without-the-frame": "R5c: tasks of several frames carry no number of their frame",
  "turn-begins-as-the-first": "R10g: each turn of a loop begins as the first did",
  "held-frame-is-over":
    "R10h: a frame begun after its composite holds is over when tasks in it have failed, as those before",
  "frame-around-bears-what-holds": "R10h: what holds a composite is borne by a frame around it",
} as const;

export type FrameMutation = keyof typeof FRAME_MUTATIONS;
