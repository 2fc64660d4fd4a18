const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/;
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;

export function isHostname(text: string): boolean {
  return text.length <= 253 && text.split(".").every((label) => LABEL.test(label) && !isReserved(label));
}

/** Labels with hyphens in the third and fourth place are for internationalised names (xn--), and for nothing else. */
function isReserved(label: string): boolean {
  return label.slice(2, 4) === "--" && !/^xn--[A-Za-z0-9-]*[A-Za-z0-9]$/i.test(label);
}

export function isIpv4(text: string): boolean {
  if (text.length > 15) return false;
  const octets = text.split(".");
  return octets.length === 4 && octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255);
}

export function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const [front = 0, back = 0] = halves.map((half, index) => groups(half, index === halves.length - 1));
  return halves.length === 2 ? front + back <= 7 : front === 8;
}

/** How many groups of 16 bits; the last may be an IPv4 address, which is two. NaN for what is none. */
function groups(text: string, isEnd: boolean): number {
  if (text === "") return 0;
  const parts = text.split(":");
  return parts.reduce((count, part, index) => {
    if (GROUP.test(part)) return count + 1;
    return isEnd && index === parts.length - 1 && isIpv4(part) ? count + 2 : Number.NaN;
  }, 0);
}

export function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  if (at < 1 || at > 64 || text.length > 320) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  return (QUOTED.test(local) || local.split(".").every((atom) => ATOM.test(atom))) && isMailDomain(domain);
}

function isMailDomain(domain: string): boolean {
  if (!domain.startsWith("[") || !domain.endsWith("]")) return isHostname(domain);
  const address = domain.slice(1, -1);
  return /^IPv6:/i.test(address) ? isIpv6(address.slice(5)) : isIpv4(address);
}
