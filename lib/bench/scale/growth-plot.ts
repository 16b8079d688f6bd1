import { wholeNumber } from '../../text/units.ts';

/** One figure of the lab's own cost: a value for each size, null where it is not known. */
export interface Growth {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

const width = 900;
const height = 520;
const plot = { left: 60, right: 560, top: 50, bottom: 470 };
const labelHeight = 17;
const colours = [
  '#1f77b4',
  '#d62728',
  '#2ca02c',
  '#9467bd',
  '#8c564b',
  '#e377c2',
  '#7f7f7f',
  '#bcbd22',
  '#17becf',
  '#ff7f0e',
  '#0b3d91',
  '#7a0019',
  '#005f4b',
];

interface Line {
  readonly name: string;
  readonly points: readonly { readonly connections: number; readonly times: number }[];
}

/**
 * Draws how many times what it was at the first size each figure is, against the connections, both on logarithmic scales: what
 * grows as the connections do lies on the dashed line, what grows faster leads above it. An SVG of 900 by 520 pixels.
 */
export function growthPlot(title: string, sizes: readonly number[], figures: readonly Growth[]): string {
  const lines = figures.map((figure) => relative(figure, sizes)).filter(({ points }) => points.length > 1);
  const [first = 1, last = 1] = [sizes[0], sizes.at(-1)];
  const all = lines.flatMap(({ points }) => points.map(({ times }) => times));
  const [lowest, highest] = [Math.min(1, ...all), Math.max(last / first, ...all)];
  const x = (connections: number): number => scale(connections, first, last, plot.left, plot.right);
  const y = (times: number): number => scale(times, lowest, highest, plot.bottom, plot.top);
  const labels = placeLabels(lines.map(({ points }) => y(points.at(-1)!.times)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(plot.left, 24, title, 'font-size="16"'),
    ...sizes.flatMap((size) => [
      rule(x(size), plot.top, x(size), plot.bottom),
      text(x(size), plot.bottom + 20, wholeNumber(size), 'text-anchor="middle"'),
    ]),
    text((plot.left + plot.right) / 2, plot.bottom + 42, 'connections', 'text-anchor="middle"'),
    ...powersOfTen(lowest, highest).flatMap((times) => [
      rule(plot.left, y(times), plot.right, y(times)),
      text(plot.left - 8, y(times) + 4, `× ${times}`, 'text-anchor="end"'),
    ]),
    `<path d="M${at(x(first), y(1))} L${at(x(last), y(last / first))}" stroke="black" stroke-dasharray="6 4"/>`,
    ...lines.flatMap(({ name, points }, index) => {
      const colour = colours[index % colours.length]!;
      const path = points.map(({ connections, times }) => at(x(connections), y(times))).join(' L');
      const end = points.at(-1)!;
      return [
        `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        `<path d="M${at(x(end.connections), y(end.times))} L${at(plot.right + 20, labels[index]!)}" stroke="${colour}" stroke-width="0.5"/>`,
        text(
          plot.right + 26,
          labels[index]! + 4,
          `${name}: × ${end.times >= 10 ? end.times.toFixed(0) : end.times.toPrecision(2)}`,
          `fill="${colour}"`,
        ),
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

function relative({ name, values }: Growth, sizes: readonly number[]): Line {
  const base = values[0];
  if (base === null || base === undefined || base <= 0) return { name, points: [] };
  const points = values.flatMap((value, index) =>
    value === null || value <= 0 ? [] : [{ connections: sizes[index]!, times: value / base }],
  );
  return { name, points };
}

/** Where a value lies between two pixels, by its logarithm. */
function scale(value: number, low: number, high: number, from: number, to: number): number {
  const share = high === low ? 0 : Math.log(value / low) / Math.log(high / low);
  return from + share * (to - from);
}

/** Heights near those wanted at which labels do not cover each other. */
function placeLabels(wanted: readonly number[]): readonly number[] {
  const placed: number[] = [];
  let free = plot.top;
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!);
  // Never so low that those still to come would leave the picture.
  for (const [rank, index] of order.entries()) {
    const lowest = plot.bottom - (order.length - 1 - rank) * labelHeight;
    placed[index] = Math.max(free, Math.min(wanted[index]!, lowest));
    free = placed[index] + labelHeight;
  }
  return placed;
}

function powersOfTen(low: number, high: number): readonly number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const count = Math.floor(Math.log10(high) + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(`1e${first + index}`));
}

function at(x: number, y: number): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${at(x1, y1)} L${at(x2, y2)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
