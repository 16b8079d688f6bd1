import type koffiPackage from 'koffi';

type Koffi = Pick<typeof koffiPackage, 'load' | 'address' | 'errno' | 'proto' | 'pointer' | 'register'>;

const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);

/**
 * Koffi's native part, from the package for this platform that koffi installs and would load itself. What koffi wraps it
 * in (names that are deprecated) loads streams, workers and more of Node: a fifth of the time that a load process needs
 * to start. Where there is no such package, koffi finds what was built for this machine.
 */
export const koffi: Koffi = load();

function load(): Koffi {
  try {
    return require(`@koromix/koffi-${process.platform}-${process.arch}`) as Koffi;
  } catch {
    return require('koffi') as Koffi;
  }
}

const program = koffi.load(null);

/**
 * Finds a C function in a library that Node itself holds (the program exports it, or is linked with the shared library) by its definition.
 * Throws, in two lines, what needs it (such as `--deflate`) where this Node does not have it.
 */
export function insideNode(
  need: { readonly by: string; readonly library: string; readonly shared: string },
  definition: string,
): ReturnType<typeof program.func> {
  try {
    return program.func(definition);
  } catch (error) {
    const name = /(\w+)\(/.exec(definition)?.[1] ?? definition;
    throw new Error(
      `${need.by} needs the ${need.library} inside Node, and ${process.execPath} (Node ${process.versions.node}) does not export '${name}'\n` +
        `  use a Node from nodejs.org or the npm package 'node', or one that is linked with ${need.shared}`,
      { cause: error },
    );
  }
}
