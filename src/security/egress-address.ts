/**
 * Which literal addresses are not public: every block of IANA's special-purpose registries for IPv4 and IPv6, multicast,
 * reserved space, and every IPv6 form that carries an IPv4 address inside (those are refused as a whole: what such a
 * wrapper leads to is decided by a translator we know nothing of).
 *
 * Hosts are taken as `new URL()` leaves them, which has already folded decimal, octal, hexadecimal, short and full-width
 * spellings into four decimal parts, and IPv6 into its shortest form between brackets.
 */

const SPECIAL_IPV4: readonly (readonly [block: string, name: string])[] = [
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared by a provider's customers"],
  ["127.0.0.0/8", "loopback"],
  ["168.63.129.16/32", "Azure's platform address"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved for protocols"],
  ["192.0.2.0/24", "for documentation"],
  ["192.31.196.0/24", "AS112"],
  ["192.52.193.0/24", "AMT"],
  ["192.88.99.0/24", "a 6to4 relay"],
  ["192.168.0.0/16", "private"],
  ["192.175.48.0/24", "AS112"],
  ["198.18.0.0/15", "for benchmarks"],
  ["198.51.100.0/24", "for documentation"],
  ["203.0.113.0/24", "for documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
];

/** Only 2000::/3 is allocated for public use; these are the special blocks inside it. */
const SPECIAL_IPV6: readonly (readonly [block: string, name: string])[] = [
  ["2001::/23", "reserved for protocols (Teredo among them)"],
  ["2001:db8::/32", "for documentation"],
  ["2002::/16", "6to4"],
  ["2620:4f:8000::/48", "AS112"],
  ["3fff::/20", "for documentation"],
];

interface Block {
  readonly first: bigint;
  readonly last: bigint;
  readonly name: string;
}

const IPV4_BLOCKS = SPECIAL_IPV4.map(([block, name]) => toBlock(block, name, 32, parseIpv4));
const IPV6_BLOCKS = SPECIAL_IPV6.map(([block, name]) => toBlock(block, name, 128, parseIpv6));
const GLOBAL_UNICAST = toBlock("2000::/3", "public", 128, parseIpv6);

export type HostKind =
  | { readonly kind: "name" }
  | { readonly kind: "public-address" }
  | { readonly kind: "special-address"; readonly why: string };

/** @param hostname As in `URL.hostname`: IPv6 between brackets. */
export function kindOfHost(hostname: string): HostKind {
  if (hostname.startsWith("[")) return kindOfIpv6(parseIpv6(hostname.slice(1, -1)));
  const ipv4 = parseIpv4(hostname);
  if (ipv4 === undefined) return { kind: "name" };
  const block = IPV4_BLOCKS.find((candidate) => contains(candidate, ipv4));
  return block ? special(block.name) : { kind: "public-address" };
}

function kindOfIpv6(address: bigint | undefined): HostKind {
  if (address === undefined) return special("not readable");
  if (!contains(GLOBAL_UNICAST, address)) return special("not in IPv6's public space");
  const block = IPV6_BLOCKS.find((candidate) => contains(candidate, address));
  if (block) return special(block.name);
  // ISATAP (RFC 5214, 6.1): an IPv4 address behind this interface identifier, in any prefix.
  const identifier = (address >> 32n) & 0xfdffffffn;
  return identifier === 0x5efen ? special("an ISATAP wrapper") : { kind: "public-address" };
}

function special(why: string): HostKind {
  return { kind: "special-address", why };
}

function contains(block: Block, address: bigint): boolean {
  return address >= block.first && address <= block.last;
}

function toBlock(block: string, name: string, bits: number, parse: (text: string) => bigint | undefined): Block {
  const [base = "", length = ""] = block.split("/");
  const first = parse(base) ?? 0n;
  return { first, last: first + (1n << BigInt(bits - Number(length))) - 1n, name };
}

/** Four decimal parts, or undefined. */
export function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined;
  return parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n);
}

/** Groups of hexadecimal digits with at most one `::`, or undefined. */
export function parseIpv6(text: string): bigint | undefined {
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return undefined;
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill("0"), ...after];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((address, group) => (address << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOf(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}
