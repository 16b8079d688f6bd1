/** Waits until a condition holds; fails after `seconds`, or when `check` throws. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  check: () => void,
  seconds = 60,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    check();
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
