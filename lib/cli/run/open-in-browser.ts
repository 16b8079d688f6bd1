import { spawn } from 'node:child_process';
import { LabError } from '../../config/lab-error.ts';

/** The programs that open a file in the browser of a desktop, the user's own choice first. */
function openers(): readonly string[] {
  const { BROWSER: chosen } = process.env;
  return [...(chosen === undefined || chosen === '' ? [] : [chosen]), 'xdg-open', 'open'];
}

/**
 * Opens a file in this machine's browser, which outlives this process. Throws LabError `usage` where no program to open it is found, as
 * on a machine without a desktop.
 */
export async function openInBrowser(file: string): Promise<void> {
  for (const program of openers()) {
    if (await starts(program, file)) return;
  }
  throw new LabError(
    'usage',
    `no browser opens ${file}: none of ${openers().join(', ')} is a program here`,
    'copy the file to a machine with a browser; it is self-contained',
  );
}

/** Whether the program starts. */
async function starts(program: string, file: string): Promise<boolean> {
  const child = spawn(program, [file], { detached: true, stdio: 'ignore' });
  const started = await new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
  child.unref();
  return started;
}
