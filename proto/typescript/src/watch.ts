/**
 * The live stream, kept up: it goes on from its cursor after a cut, and nothing is told twice or missed. Must not know
 * what is done with what it tells.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code } from "@connectrpc/connect";
import { Batches } from "./batches.js";
import { TrainyardError } from "./errors.js";
import type { WatchEvent, WatchRequestSchema, WatchService } from "./gen/api.js";
import { pauseBefore } from "./pause.js";

/** The server says something every 5 seconds at least; after so long a silence it is gone. */
const SILENCE_MS = 15_000;

/** What to watch; `cursor` is where to go on from, 0 (as left out) for the beginning. */
export type WatchRequestInit = MessageInitShape<typeof WatchRequestSchema>;

/** How a stream is watched. */
export interface WatchOptions {
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal;
  /** Called when the stream was cut, before it is opened again. */
  readonly onCut?: (error: TrainyardError) => void;
  /** A server that says nothing for so long, not even a heartbeat, counts as gone: 15,000 ms unless told otherwise. */
  readonly silenceMs?: number;
}

/**
 * Yields what the server tells, without its heartbeats, until the loop is left or the signal is aborted. The first
 * opening may fail; cuts after that are mended, for as long as it takes.
 *
 * Samples, log lines, artifacts and history come once each. The row of a training comes whenever it changed, and
 * perhaps once more after a cut.
 *
 * @throws TrainyardError if the server refuses, or cannot be reached at the beginning
 */
export async function* watch(
  service: Client<typeof WatchService>,
  request: WatchRequestInit,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent, void, undefined> {
  const signal = options.signal ?? new AbortController().signal;
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const batches = new Batches(request.cursor ?? 0n);
  const isOver = () => signal.aborted;
  let wasLive = false;
  let failures = 0;
  while (!isOver()) {
    try {
      for await (const event of listen(service, { ...request, cursor: batches.cursor }, signal, silenceMs)) {
        wasLive = true;
        failures = 0;
        yield* batches.take(event);
      }
    } catch (thrown) {
      if (isOver()) {
        return;
      }
      const error = TrainyardError.of(thrown, false);
      if (!wasLive || !canResume(error)) {
        throw error;
      }
      options.onCut?.(error);
      failures += 1;
      batches.forgetIncomplete();
      await pauseBefore(failures, error.retryAfterMs, signal);
    }
  }
}

/** One stream to its end, which is always an error: the server ends none by itself. */
async function* listen(
  service: Client<typeof WatchService>,
  request: WatchRequestInit,
  signal: AbortSignal,
  silenceMs: number,
): AsyncGenerator<WatchEvent, never, undefined> {
  // The library ends no call whose loop is left.
  const own = new AbortController();
  const waitAgain = () =>
    setTimeout(() => {
      own.abort(TrainyardError.lost(`the server has said nothing for ${silenceMs / 1000} s`));
    }, silenceMs);
  let timer = waitAgain();
  try {
    for await (const event of service.watch(request, { signal: AbortSignal.any([signal, own.signal]) })) {
      clearTimeout(timer);
      yield event;
      timer = waitAgain();
    }
    throw TrainyardError.lost("the server ended the stream");
  } finally {
    clearTimeout(timer);
    own.abort();
  }
}

/** The server is away, or asks to come back later. */
function canResume(error: TrainyardError): boolean {
  return error.code === Code.Unavailable || error.retryAfterMs !== undefined;
}
