const lookMillis = 100;

/** Resolves when a condition holds, which is looked at ten times a second. */
export async function until(condition: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (!condition()) return;
      clearInterval(timer);
      resolve();
    }, lookMillis);
  });
}
