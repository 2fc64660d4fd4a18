/**
 * How secrets look. Every pattern begins with a fixed text at the edge of a word, and repeats one class at a time with a
 * bound: none takes more than linear time, whatever text it is given.
 */
interface SecretPattern {
  readonly noun: string;
  readonly pattern: RegExp;
}

const PATTERNS: readonly SecretPattern[] = [
  { noun: "a private key", pattern: /-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY-----/g },
  { noun: "an API key of a model provider", pattern: /(?<![\w-])sk-[A-Za-z0-9_-]{20,300}/g },
  { noun: "a token of GitHub", pattern: /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{30,255})/g },
  { noun: "a token of GitLab", pattern: /(?<!\w)glpat-[A-Za-z0-9_-]{18,64}/g },
  { noun: "an access key of AWS", pattern: /(?<!\w)A(?:KIA|SIA)[0-9A-Z]{16}(?!\w)/g },
  { noun: "an API key of Google", pattern: /(?<!\w)AIza[0-9A-Za-z_-]{35}/g },
  { noun: "a token of Slack", pattern: /(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,250}/g },
  { noun: "a key of Stripe", pattern: /(?<!\w)[rs]k_live_[A-Za-z0-9]{16,128}/g },
  { noun: "a token of npm", pattern: /(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/g },
  { noun: "a token of Hugging Face", pattern: /(?<!\w)hf_[A-Za-z0-9]{30,64}/g },
  { noun: "a key of Edgewise", pattern: /(?<!\w)ewk_[a-z0-9~-]{1,300}_[0-9a-f]{20}_[0-9a-f]{64}/g },
  { noun: "a JSON Web Token", pattern: /(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{16,2000}/g },
  { noun: "a bearer token", pattern: /(?<!\w)[Bb]earer {1,4}[A-Za-z0-9._~+/-]{20,2000}/g },
  {
    noun: "a password in an address",
    pattern: /(?<!\w)[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/?#"'<>{}]{0,64}:[^\s@/"'<>{}]{3,128}@/g,
  },
];

/** What stands for a secret in examples. */
const PLACEHOLDER =
  /example|placeholder|redacted|dummy|sample|your|xxxx|\.\.\.|\*\*\*|0{8}|1234567|changeme|<|>|:password@|:pass@|:secret@|:pwd@/i;

/** What a text gives away, by a noun; never the text itself. Linear in the text. */
export function secretIn(text: string): string | undefined {
  if (text.length < 16) return undefined;
  for (const { noun, pattern } of PATTERNS) {
    for (const [match] of text.matchAll(pattern)) {
      if (!PLACEHOLDER.test(match) && isRandom(noun, match)) return noun;
    }
  }
  return undefined;
}

/** Words joined by hyphens are no secret; a made one has a piece that mixes letters and digits. */
function isRandom(noun: string, match: string): boolean {
  if (noun === "a private key" || noun === "a password in an address") return true;
  const pieces = match.split(/[^A-Za-z0-9]/);
  return pieces.some((piece) => piece.length >= 8 && /[0-9]/.test(piece) && /[A-Za-z]/.test(piece));
}
