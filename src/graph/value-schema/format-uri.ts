import { isIpv6 } from "./format-host.ts";

/** RFC 3986, appendix B: scheme, authority, path, query, fragment. */
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const PATH = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*$/;
const QUERY = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*$/;
const USER = /^[A-Za-z0-9\-._~%!$&'()*+,;=:]*$/;
const HOST = /^[A-Za-z0-9\-._~%!$&'()*+,;=]*$/;
const FUTURE = /^v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/i;

export function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text) && isUriReference(text);
}

export function isUriReference(text: string): boolean {
  const found = PARTS.exec(text);
  if (found === null || BROKEN_ESCAPE.test(text)) return false;
  const [, scheme, authority, path = "", query = "", fragment = ""] = found;
  if (scheme !== undefined && !SCHEME.test(scheme)) return false;
  if (authority !== undefined && !isAuthority(authority)) return false;
  return PATH.test(path) && QUERY.test(query) && QUERY.test(fragment);
}

function isAuthority(authority: string): boolean {
  const at = authority.indexOf("@");
  const place = authority.slice(at + 1);
  if (at >= 0 && !USER.test(authority.slice(0, at))) return false;
  const bracket = place.lastIndexOf("]");
  const colon = place.indexOf(":", bracket + 1);
  const host = colon < 0 ? place : place.slice(0, colon);
  if (colon >= 0 && !/^\d*$/.test(place.slice(colon + 1))) return false;
  if (!host.startsWith("[")) return HOST.test(host);
  const literal = host.slice(1, -1);
  return host.endsWith("]") && (isIpv6(literal) || FUTURE.test(literal));
}
