import { LabError } from '../lab-error.ts';

/** What helps where the system refuses something, by its own name for why (errno(3)). */
const remedies: Readonly<Record<string, string>> = {
  EACCES: 'see whose it is and that this user may use it (ls -ld)',
  EPERM: 'see whose it is and that this user may use it (ls -ld)',
  ENOENT: 'check that it and every folder above it exist',
  ENOTDIR: 'something above it is no folder: see the path',
  EISDIR: 'a folder stands where a file should be: move it away',
  ENOTEMPTY: 'a folder stands where a file should be: move it away',
  EEXIST: 'something stands where a folder should be: move it away',
  ELOOP: 'its links lead in a circle: see where they point (ls -l)',
  ENAMETOOLONG: 'give a shorter name',
  ENXIO: 'that is no file: see what it is (ls -l)',
  EMFILE: 'allow this shell more open files: ulimit -n 65536',
  ENFILE: 'the machine has no descriptor left: raise it with sudo sysctl -w fs.file-max=…',
  EAGAIN: 'allow this user more processes: ulimit -u 4096',
  ENOMEM: 'the machine has no memory left: end something, or ask for less',
  ENOSPC: 'free space there',
  EDQUOT: 'free space there, or raise the quota',
  EFBIG: 'allow larger files: ulimit -f unlimited',
  EROFS: 'that file system can only be read: give another place',
  EIO: 'the disk or the terminal behind it fails: see dmesg',
  ETXTBSY: 'end what runs from that file',
  ESTALE: 'the network file system has lost it: mount it again',
};

/**
 * An error of the operating system as one that the user can do something about: what failed, where, and what helps for that. Null for
 * any other error.
 */
export function asSystemError(error: unknown): LabError | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  const remedy = remedies[String(error.code)];
  return remedy === undefined ? null : new LabError('environment', error.message, remedy, { cause: error });
}
