/** The most points that a series of a result has. */
const maxSeriesPoints = 1000;

/**
 * At most `limit` points of a series, evenly chosen; the first, the last, and the greatest of its values are always among
 * them. A series that is short enough stays as it is.
 */
export function downsample<Point extends readonly [number, number]>(
  points: readonly Point[],
  limit: number = maxSeriesPoints,
): Point[] {
  if (points.length <= limit) return [...points];
  const chosen = new Set<number>();
  for (let n = 0; n < limit - 1; n += 1) chosen.add(Math.round((n * (points.length - 1)) / (limit - 2)));
  let greatest = 0;
  points.forEach(([, value], index) => {
    if (value > (points[greatest]?.[1] ?? -Infinity)) greatest = index;
  });
  chosen.add(greatest);
  return [...chosen].sort((a, b) => a - b).flatMap((index) => (points[index] === undefined ? [] : [points[index]]));
}
