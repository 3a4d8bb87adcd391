/** Waiting for a condition, with a deadline. Must not know what for. */
import { setTimeout as pause } from "node:timers/promises";

const DEADLINE_MS = 60_000;
const BETWEEN_LOOKS_MS = 25;

/** What `look` finds once it finds something. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${DEADLINE_MS / 1000} s in vain until ${what}`);
    }
    await pause(BETWEEN_LOOKS_MS);
  }
}
