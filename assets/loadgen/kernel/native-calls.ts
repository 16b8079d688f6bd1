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
