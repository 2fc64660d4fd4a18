/** Whether a number is a whole multiple of another, in decimal: 0.3 is one of 0.1, whatever their binary forms say. */
export function isMultiple(value: number, of: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(of)) return value % of === 0;
  const [one, other] = [decimal(value), decimal(of)];
  const exponent = Math.min(one.exponent, other.exponent);
  return scaled(one, exponent) % scaled(other, exponent) === 0n;
}

interface Decimal {
  readonly digits: bigint;
  /** Power of ten. */
  readonly exponent: number;
}

/** The shortest decimal that reads back as the number: what its JSON text said, for up to 15 digits. */
function decimal(value: number): Decimal {
  const [mantissa = "0", power = "0"] = Math.abs(value).toString().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length };
}

/** At most some 650 digits: numbers lie between 1e-324 and 1e309. */
function scaled(value: Decimal, exponent: number): bigint {
  return value.digits * 10n ** BigInt(value.exponent - exponent);
}
