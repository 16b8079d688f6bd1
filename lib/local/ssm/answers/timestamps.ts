/** Seconds since 1970 with fractions: how timestamps stand in the API's JSON. */
export function seconds(millis: number): number {
  return millis / 1000;
}
