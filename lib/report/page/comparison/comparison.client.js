// Runs in the reader's browser: a click on a header of a comparison puts the rows in the order of its column, the best first, and a
// second click the other way round. Servers without the figure come last either way.
for (const table of document.querySelectorAll('table.sortable')) {
  const [body] = table.tBodies;
  const headers = [...table.tHead.rows[1].cells];
  const valueOf = (row, column) => {
    const { value } = row.cells[column].dataset;
    return value === '' ? null : Number(value);
  };
  headers.forEach((header, column) => {
    header.querySelector('button').addEventListener('click', () => {
      const first = header.dataset.better === 'more' ? 'descending' : 'ascending';
      const second = first === 'ascending' ? 'descending' : 'ascending';
      const direction = header.getAttribute('aria-sort') === first ? second : first;
      for (const other of headers) other.removeAttribute('aria-sort');
      header.setAttribute('aria-sort', direction);
      const sign = direction === 'ascending' ? 1 : -1;
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [valueOf(one, column), valueOf(other, column)];
        if (a === null || b === null) return Number(a === null) - Number(b === null);
        return sign * (a - b);
      });
      body.append(...rows);
    });
  });
}
