import { describe, expect, it } from "vitest";
import { judgePublic } from "./egress-url.ts";

/** First and last address of each special IPv4 block that matters most to an attacker, and what stands next to them. */
const SPECIAL = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.0.0.1"],
  ["127.255.255.255", "168.63.129.16"],
  ["169.254.0.0", "169.254.169.254"],
  ["169.254.255.255", "172.16.0.0"],
  ["172.31.255.255", "192.0.0.0"],
  ["192.0.0.255", "192.0.2.0"],
  ["192.0.2.255", "192.31.196.0"],
  ["192.31.196.255", "192.52.193.0"],
  ["192.52.193.255", "192.88.99.0"],
  ["192.88.99.255", "192.168.0.0"],
  ["192.168.255.255", "192.175.48.0"],
  ["192.175.48.255", "198.18.0.0"],
  ["198.19.255.255", "198.51.100.0"],
  ["198.51.100.255", "203.0.113.0"],
  ["203.0.113.255", "224.0.0.0"],
  ["239.255.255.255", "240.0.0.0"],
  ["255.255.255.254", "255.255.255.255"],
].flat();

/** Every way we know of to write one IPv4 address as a host. */
function spellings(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const octal = (value: number) => `0${value.toString(8)}`;
  const group = (high: number, low: number) => (high * 256 + low).toString(16);
  const inHex = `${group(a, b)}:${group(c, d)}`;
  const inverted = `${group(255 - a, 255 - b)}:${group(255 - c, 255 - d)}`;
  return [
    address,
    `${address}.`,
    `${whole}`,
    hex(whole),
    `0X${whole.toString(16).toUpperCase()}`,
    octal(whole),
    `000${octal(whole)}`,
    [a, b, c, d].map(hex).join("."),
    [a, b, c, d].map(octal).join("."),
    `${hex(a)}.${octal(b)}.${c}.${d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${hex(a)}.${hex(b)}.${octal(c * 256 + d)}`,
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    address.replaceAll(".", "。"),
    address.replace(/\d/, (digit) => `%3${digit}`),
    `[::ffff:${address}]`,
    `[0:0:0:0:0:ffff:${inHex}]`,
    `[::${inHex === "0:0" ? "0" : inHex}]`,
    `[::ffff:0:${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b:1::${inHex}]`,
    `[2002:${inHex}::]`,
    `[2001:0:${inHex}::1]`,
    `[2001:0:4136:e378:8000:63bf:${inverted}]`,
    `[2a00:1450::5efe:${address}]`,
    `[2a00:1450::200:5efe:${inHex}]`,
    `[fe80::5efe:${address}%25eth0]`,
    `user@${address}`,
    `public.example.com@${address}`,
    `${address}.nip.io`,
  ];
}

const SPECIAL_IPV6 =
  `:: ::1 ::2 100:: 100:0:0:1::1 64:ff9b::1 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 2001:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
  2001:2::1 2001:10::1 2001:20::1 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
  2620:4f:8000:: 2620:4f:8000:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 5f00::1 4000::1 1fff:ffff::1
  fc00:: fd00:ec2::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: fe80::1 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: feff::1
  ff00:: ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::ffff:0:0 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2002:101:101::1`.split(
    /\s+/,
  );

const NAMES = `localhost LOCALHOST localhost. foo.localhost printer.local metadata.google.internal router.home.arpa
  svc.cluster.local intranet server web01 router.lan nas.home a.corp x.localdomain 1.0.0.127.in-addr.arpa hidden.onion
  x.test x.invalid 127.0.0.1.nip.io 10-0-0-1.sslip.io app.localtest.me lvh.me example.com.. .example.com a..example.com`.split(
  /\s+/,
);

const OTHERS = [
  "http://example.com/",
  "ftp://example.com/",
  "file:///etc/passwd",
  "data:text/plain,hello",
  "javascript:alert(1)",
  "blob:https://example.com/1",
  "gopher://example.com/",
  "ws://example.com/",
  "https://user@example.com/",
  "https://user:password@example.com/",
  "https://:password@example.com/",
  "https://example.com:22/",
  "https://example.com:25/",
  "https://example.com:1/",
  "https://example.com:6667/",
  "https:///127.0.0.1/",
  "https:\\\\127.0.0.1\\",
  "https://127.0.0.1\\@example.com/",
  "https:127.0.0.1",
  "https://127.1",
  "https://0",
  "https://[::1%lo]/",
];

function verdict(address: string): string | null {
  const url = URL.parse(address);
  return url ? judgePublic(url, false) : "not a URL";
}

/** Public places, among them each neighbour of a special block. */
const BENIGN = [
  ..."9.255.255.255 11.0.0.0 1.0.0.0 1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15".split(
    " ",
  ),
  ..."169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.31.195.255 192.52.194.0".split(" "),
  ..."192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.49.0 198.17.255.255 198.20.0.0".split(" "),
  ..."198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255".split(" "),
  ..."[2606:4700:4700::1111] [2001:4860:4860::8888] [2001:200::1] [2003::1] [2620:4f:7fff::1] [2620:4f:8001::1]".split(
    " ",
  ),
  ..."[2a00:1450::1] [2400:cb00::1] [3ffe:ffff::1] [2001:db9::1] [2a00:1450::5eff:0:1]".split(" "),
  ..."example.com example.com. www.example.org api.openai.com localhost.example.com mylocalhost.com local.dev".split(
    " ",
  ),
  ..."internal.example.org nip.io.example.com a-b.example.co.uk xn--bcher-kva.example.com bücher.de 1.2.3.4.example.com".split(
    " ",
  ),
  ..."example.com:443 example.com:8443 example.com:8080 hooks.example.com:3000 EXAMPLE.COM deep.a.b.c.d.example.com".split(
    " ",
  ),
].map((host) => `https://${host}/path?query=http://127.0.0.1/#fragment`);

describe("addresses from documents", () => {
  it.each(SPECIAL)("%s is denied in every spelling", (address) => {
    const allowed = spellings(address).filter((host) => verdict(`https://${host}/`) === null);
    expect(allowed).toEqual([]);
  });

  it.each(SPECIAL_IPV6)("[%s] is denied", (address) => {
    expect(verdict(`https://[${address}]/`)).not.toBeNull();
  });

  it.each(NAMES)("the name %s is denied", (name) => {
    expect(verdict(`https://${name}/`)).not.toBeNull();
  });

  it.each(OTHERS)("%s is denied", (address) => {
    expect(verdict(address)).not.toBeNull();
  });

  it.each(BENIGN)("%s is allowed", (address) => {
    expect(verdict(address)).toBeNull();
  });

  it("are as many as promised: hundreds of spellings, sixty public ones", () => {
    expect(SPECIAL.flatMap(spellings).length).toBeGreaterThan(1_000);
    expect(BENIGN.length).toBeGreaterThanOrEqual(60);
  });

  it("may be called without TLS only where that is enabled", () => {
    expect(judgePublic(new URL("http://example.com/"), true)).toBeNull();
    expect(judgePublic(new URL("http://127.0.0.1/"), true)).not.toBeNull();
  });
});
