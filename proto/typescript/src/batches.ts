/**
 * Makes each row of a stream come once, also across cuts. What changed together is sent in several events, of which
 * only the last one moves the cursor; a stream that is resumed begins with the first of them. Must not know how a
 * stream is opened.
 */
import type { WatchEvent } from "./gen/api.js";

/** The events of one stream and of those that resume it. */
export class Batches {
  /** Where to resume: everything up to here was handed on. */
  cursor: bigint;
  #incomplete: WatchEvent[] = [];

  constructor(cursor: bigint) {
    this.cursor = cursor;
  }

  /** What can be handed on now that this event is there. */
  take(event: WatchEvent): WatchEvent[] {
    switch (event.event.case) {
      case "heartbeat":
      case undefined:
        return [];
      case "caughtUp":
        break;
      case "trainings":
        // Whole rows, known by their ids. Some come without a change, when only their place in the queue is another.
        if (event.cursor <= this.cursor) {
          return [event];
        }
        break;
      default:
        if (event.cursor <= this.cursor) {
          this.#incomplete.push(event);
          return [];
        }
    }
    const whole = [...this.#incomplete, event];
    this.#incomplete = [];
    this.cursor = event.cursor;
    return whole;
  }

  /** The stream was cut: the next one brings these again. */
  forgetIncomplete(): void {
    this.#incomplete = [];
  }
}
