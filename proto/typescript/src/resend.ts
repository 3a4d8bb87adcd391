/**
 * Sends calls again that did not arrive, each with a key of its own, so that it has one effect. Must not know which
 * transport carries them.
 */
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { TrainyardError } from "./errors.js";
import { AccessService } from "./gen/api.js";
import { pauseBefore } from "./pause.js";

/** The header by which the server knows a call that is sent again. */
export const KEY_HEADER = "idempotency-key";

/** How often a call is sent, unless told otherwise: over about six seconds. */
export const DEFAULT_TRIES = 6;

/** Names of methods that read begin so; every other one changes something. */
const READS = /^(Get|List|Check|Preview|Complete|Watch)/;

/** How often a call is sent, the first time included. */
export interface ResendOptions {
  readonly tries?: number | undefined;
}

/** Whether a call of this method takes a key: it changes something, and hands out no credentials. */
export function takesKey(method: DescMethod): boolean {
  return !READS.test(method.name) && method.parent.typeName !== AccessService.typeName;
}

/**
 * Gives each call that changes something a key, unless it has one, and sends calls again that end with `UNAVAILABLE`.
 */
export function resend(options: ResendOptions = {}): Interceptor {
  const tries = options.tries ?? DEFAULT_TRIES;
  return (next) => async (request) => {
    const isKeyed = takesKey(request.method);
    if (isKeyed && !request.header.has(KEY_HEADER)) {
      request.header.set(KEY_HEADER, newKey());
    }
    const mayRepeat = isKeyed || READS.test(request.method.name);
    const again = await repeatable(request);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(again());
      } catch (thrown) {
        const error = TrainyardError.of(thrown, request.signal.aborted);
        const isWorthIt = mayRepeat && error.code === Code.Unavailable && attempt < tries;
        if (!isWorthIt || !(await pauseBefore(attempt, error.retryAfterMs, request.signal))) {
          throw error;
        }
      }
    }
  };
}

/** 128 random bits. Not `randomUUID`, which browsers keep from pages that came without TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Call = UnaryRequest | StreamRequest;

/** Makes the request anew each time. What a stream sends can be read once, so it is kept. */
async function repeatable(request: Call): Promise<() => Call> {
  if (!request.stream) {
    return () => request;
  }
  const messages: unknown[] = [];
  for await (const message of request.message) {
    messages.push(message);
  }
  return () => ({ ...request, message: sent(messages) }) as StreamRequest;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the library wants an iterable that is asynchronous
async function* sent(messages: readonly unknown[]): AsyncGenerator {
  yield* messages;
}
