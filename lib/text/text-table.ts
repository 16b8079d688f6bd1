/** Lines of text with aligned columns, `gap` apart; the last column is as long as it likes. */
export function textTable(
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
  gap = '  ',
): readonly string[] {
  const widths = align.map((_side, column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return align[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(gap)
      .trimEnd(),
  );
}
