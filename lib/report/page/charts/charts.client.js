// Runs in the reader's browser: draws the charts from the data in the page. uPlot is in the page before it.
(() => {
  const charts = JSON.parse(document.getElementById('chart-data').textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const short = (value) => {
    if (value === 0) return '0';
    const size = Math.abs(value);
    if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
    if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
    return String(+value.toPrecision(3));
  };
  // As many digits as tell each tick from the next.
  const ticks = (splits, step) => {
    const most = Math.max(...splits.map(Math.abs));
    const [divisor, unit] = most >= 1e6 ? [1e6, 'M'] : most >= 1e4 ? [1e3, 'k'] : [1, ''];
    const scaled = step / divisor;
    let digits = 0;
    while (digits < 10 && Math.abs(scaled - scaled.toFixed(digits)) > scaled * 1e-6) digits += 1;
    return splits.map((value) => (value === 0 ? '0' : `${+(value / divisor).toFixed(digits)}${unit}`));
  };
  // The percentile axis is spaced by nines: 0, 90, 99, 99.9 and so on lie at 0, 1, 2, 3.
  const nines = (value) => (value === 0 ? '0 %' : `${+(100 - 100 / 10 ** value).toFixed(Math.max(0, value - 2))} %`);

  const draw = (chart) => {
    const place = document.getElementById(chart.id);
    const tables = chart.series.map(({ points }) => [points.map(([x]) => x), points.map(([, y]) => y)]);
    const data = uPlot.join(tables);
    const ink = css('--soft');
    const grid = { stroke: css('--line'), width: 1 };
    const axis = {
      stroke: ink,
      grid,
      ticks: { ...grid, size: 4 },
      font: '12px system-ui, sans-serif',
      labelFont: '12px system-ui, sans-serif',
      labelSize: 22,
    };
    const options = {
      width: place.clientWidth,
      height: place.clientWidth < 480 ? 240 : 280,
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: chart.xRange ? () => chart.xRange : undefined },
        y: {
          distr: chart.logarithmic ? 3 : 1,
          range: chart.logarithmic ? undefined : (_u, _min, max) => [0, max > 0 ? max * 1.08 : 1],
        },
      },
      axes: [
        {
          ...axis,
          size: 34,
          label: chart.xLabel,
          values: (_u, splits, _axis, _space, step) => (chart.percentiles ? splits.map(nines) : ticks(splits, step)),
          incrs: chart.percentiles || chart.wholeX ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] : undefined,
        },
        {
          ...axis,
          size: 56,
          label: chart.yLabel,
          values: (_u, splits, _axis, _space, step) =>
            chart.logarithmic ? splits.map((v) => (v === null ? '' : short(v))) : ticks(splits, step),
        },
      ],
      series: [
        {},
        ...chart.series.map(({ name, colour, style }) => ({
          label: name,
          stroke: css(`--s${colour}`),
          width: style === 'points' ? 0 : 2,
          dash: style === 'fit' ? [6, 4] : undefined,
          spanGaps: true,
          paths: style === 'points' ? () => null : style === 'steps' ? uPlot.paths.stepped({ align: 1 }) : undefined,
          points: {
            show: style === 'points' || style === 'both',
            size: 6,
            fill: css(`--s${colour}`),
            stroke: css(`--s${colour}`),
          },
        })),
      ],
    };
    place.replaceChildren();
    const plot = new uPlot(options, data, place);
    const readout = document.getElementById(`${chart.id}-readout`);
    plot.over.addEventListener('mouseleave', () => (readout.textContent = readout.dataset.hint));
    plot.hooks.setCursor = [
      (u) => {
        const at = u.cursor.idx;
        if (at === null || at === undefined) return;
        const x = u.data[0][at];
        const seen = chart.series.flatMap(({ name, style }, index) => {
          const y = u.data[index + 1][at];
          return style === 'fit' || y === null || y === undefined ? [] : [`${name} ${short(y)}`];
        });
        readout.textContent = `${chart.percentiles ? `${+(100 - 100 / 10 ** x).toPrecision(6)} %` : `${short(x)} ${chart.xUnit}`}: ${seen.join(', ')} ${chart.yUnit}`;
      },
    ];
    return plot;
  };

  let plots = charts.map(draw);
  const again = () => {
    for (const plot of plots) plot.destroy();
    plots = charts.map(draw);
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  let width = document.documentElement.clientWidth;
  addEventListener('resize', () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    again();
  });
})();
