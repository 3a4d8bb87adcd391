/** Pauses between tries, which grow and differ by chance. Must not know what is tried. */

const FIRST_MS = 200;
const LAST_MS = 4_000;

/**
 * Waits before the next try. The pause doubles with each failure; a part of it is chance, so that many clients of a
 * server that comes back do not all come at once.
 *
 * @param failures - how many there were in a row, at least 1
 * @param leastMs - what the server asked for, in milliseconds
 * @returns false if the signal ended it
 */
export function pauseBefore(
  failures: number,
  leastMs: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const longest = Math.min(FIRST_MS * 2 ** (failures - 1), LAST_MS);
  const pause = Math.max(longest * (0.5 + Math.random() / 2), Math.min(leastMs ?? 0, LAST_MS));
  return new Promise((resolve) => {
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(isOver);
    };
    const stop = () => {
      end(false);
    };
    const timer = setTimeout(() => {
      end(true);
    }, pause);
    signal.addEventListener("abort", stop);
    if (signal.aborted) {
      stop();
    }
  });
}
