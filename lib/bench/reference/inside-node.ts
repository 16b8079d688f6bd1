/**
 * Runs a program in C inside this process, so that it calls the OpenSSL of Node:
 *
 *   node inside-node.ts LIBRARY ARGUMENT…
 */
import koffi from 'koffi';

const [library = '', ...words] = process.argv.slice(2);
const main: (count: number, words: readonly string[]) => number = koffi
  .load(library)
  .func('int main(int, const char **)');
process.exit(main(words.length + 1, [library, ...words]));
