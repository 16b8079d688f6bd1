/** A whole number with spaces between thousands: 1 200 000. */
export function wholeNumber(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');
}
