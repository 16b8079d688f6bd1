// Runs in the reader's browser: shows the servers of one language, in every table of the page.
{
  const choice = document.getElementById('language');
  choice.addEventListener('change', () => {
    for (const row of document.querySelectorAll('tr[data-language]')) {
      row.hidden = choice.value !== '' && row.dataset.language !== choice.value;
    }
  });
}
