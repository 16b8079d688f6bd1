import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthPlot } from '../../lib/bench/scale/growth-plot.ts';

const sizes = [10, 100, 1000];

/** The points of the paths of a picture, those with a width of 2 being the figures. */
function figuresOf(svg: string): readonly (readonly (readonly number[])[])[] {
  return [...svg.matchAll(/<path d="M([^"]*)" fill="none"/g)].map(([, path = '']) =>
    path.split(' L').map((point) => point.split(',').map(Number)),
  );
}

test('what grows as the connections do lies on the dashed line, what grows faster ends above it', () => {
  const svg = growthPlot('title', sizes, [
    { name: 'alike', values: [2, 20, 200] },
    { name: 'faster', values: [1, 20, 2000] },
    { name: 'constant', values: [3, 3, 3] },
  ]);
  const dashed = /<path d="M([\d.]+),([\d.]+) L([\d.]+),([\d.]+)" stroke="black"/.exec(svg)!.slice(1).map(Number);
  const [alike, faster, constant] = figuresOf(svg);
  assert.deepEqual([alike![0], alike![2]], [dashed.slice(0, 2), dashed.slice(2)]);
  assert.equal(alike![1]![0], (alike![0]![0]! + alike![2]![0]!) / 2);
  assert.ok(faster![2]![1]! < dashed[3]!, 'above is a smaller y');
  assert.equal(constant![2]![1], constant![0]![1]);
});

test('figures that are not known, or nothing at the first size, are left out', () => {
  const svg = growthPlot('title', sizes, [
    { name: 'unknown at first', values: [null, 1, 2] },
    { name: 'nothing at first', values: [0, 1, 2] },
    { name: 'unknown between', values: [1, null, 2] },
  ]);
  assert.deepEqual(
    figuresOf(svg).map((points) => points.length),
    [2],
  );
});

test('labels do not cover each other, and stay in the picture', () => {
  const names = Array.from({ length: 12 }, (_, index) => `figure ${index}`);
  const svg = growthPlot(
    'a < b & c',
    sizes,
    names.map((name) => ({ name, values: [1, 1, 1] })),
  );
  const heights = names.map((name) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}:`).exec(svg)![1]));
  for (const [index, height] of heights.entries()) {
    assert.ok(index === 0 || height - heights[index - 1]! >= 16, heights.join(', '));
    assert.ok(height < 500);
  }
  assert.ok(svg.includes('a &lt; b &amp; c'));
});
