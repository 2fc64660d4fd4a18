import { describe, expect, it } from "vitest";
import { FORMATS } from "./formats.ts";

describe("formats", () => {
  it.each<[name: string, right: string[], wrong: string[]]>([
    [
      "date-time",
      ["2026-05-01T12:00:00Z", "2026-05-01t12:00:00.123456+02:00", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60-08:00"],
      [
        "2026-05-01 12:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-05-01T24:00:00Z",
        "1998-12-31T22:59:60Z",
        "2026-05-01T12:00:00",
      ],
    ],
    ["date", ["2024-02-29"], ["2026-02-29", "2026-13-01", "2026-1-1", "2026-05-01\n"]],
    ["time", ["12:00:00Z", "08:30:06-08:00"], ["12:00:00", "12:60:00Z", "12:00:00+24:00"]],
    ["duration", ["P1Y2M3DT4H5M6S", "PT36H", "P4W", "P1D"], ["P", "PT", "1D", "P1DT", "P2D1Y", "P1W1D", "PT1.5S"]],
    ["email", ["a.b+c@example.com", '"a b"@example.com', "a@[127.0.0.1]"], ["a", "@b", "a@", ".a@b", "a..b@c", "a@-b"]],
    ["hostname", ["a", "a-b.example", "1.2.3.x"], ["", "-a", "a-", "a..b", "a_b", "x".repeat(64), "a."]],
    ["ipv4", ["0.0.0.0", "255.1.2.3"], ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "0x1.2.3.4"]],
    [
      "ipv6",
      ["::", "::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"],
      ["1::2::3", ":1", "1:2:3", "12345::", "1.2.3.4", "::1%eth0"],
    ],
    [
      "uri",
      ["https://a.example/x?y#z", "urn:a:b", "http://[::1]:80/"],
      ["/a", "//a", "http://a b", "http://[1", "a:%zz"],
    ],
    ["uri-reference", ["", "/a", "#x", "//host/x"], ["\\a", "#a\\b", "a b"]],
    ["uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08aa9811eab4aa73b441d16380", "x"]],
    ["json-pointer", ["", "/a/~0~1"], ["a", "/~", "/~2", "#/a"]],
    ["relative-json-pointer", ["0", "1/a", "2#"], ["01", "-1", "0##", "/a"]],
    ["regex", ["^a+$"], ["(", "(?=a)"]],
  ])("%s", (name, right, wrong) => {
    const fits = (text: string) => FORMATS.get(name)?.fits(text);
    expect(right.filter((text) => fits(text) !== true)).toEqual([]);
    expect(wrong.filter((text) => fits(text) !== false)).toEqual([]);
  });
});
