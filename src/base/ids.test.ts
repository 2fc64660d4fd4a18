import { expect, it } from "vitest";
import { secureRandom, uuidv5, uuidv7 } from "./ids.ts";

it("uuidv7 gives the example of RFC 9562, appendix A.6", () => {
  // 017F22E2-79B0-7CC3-98C4-DC0C0C07398F: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0b01, 0x8C4DC0C0C07398F
  const random = Uint8Array.from(Buffer.from("0cc318c4dc0c0c07398f", "hex"));
  expect(uuidv7(0x017f22e279b0, () => random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

it("uuidv7 of a later millisecond sorts after, whatever the random part", () => {
  const early = uuidv7(1_700_000_000_000, (count) => new Uint8Array(count).fill(255));
  const late = uuidv7(1_700_000_000_001, (count) => new Uint8Array(count));
  expect(early < late).toBe(true);
});

it("uuidv7 differs within one millisecond", () => {
  expect(uuidv7(1, secureRandom)).not.toBe(uuidv7(1, secureRandom));
});

it("uuidv5 gives the example of RFC 9562, appendix A.4", () => {
  expect(uuidv5("www.example.com", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")).toBe(
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
});

it("uuidv5 of the graph id `agent` is the id LangGraph's server gives its system assistant", () => {
  // Published in LangGraph's documentation and templates for the graph id "agent".
  expect(uuidv5("agent", "6ba7b821-9dad-11d1-80b4-00c04fd430c8")).toBe("fe096781-5601-53d2-b2f6-0d3403f7e9ca");
});
