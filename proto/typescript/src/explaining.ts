/**
 * Makes every error of a transport a {@link TrainyardError}, those too that no interceptor sees: a call that was
 * cancelled, or whose time is over. Must not know which calls there are.
 */
import type { DescMessage } from "@bufbuild/protobuf";
import type { StreamResponse, Transport } from "@connectrpc/connect";
import { TrainyardError } from "./errors.js";

/** The same transport with errors that say more. */
export function explaining(transport: Transport): Transport {
  return {
    unary: (method, signal, ...rest) =>
      transport.unary(method, signal, ...rest).catch((thrown: unknown) => {
        throw explained(thrown, signal);
      }),
    stream: async (method, signal, ...rest) => {
      try {
        const response = await transport.stream(method, signal, ...rest);
        return { ...response, message: messagesOf(response, signal) };
      } catch (thrown) {
        throw explained(thrown, signal);
      }
    },
  };
}

async function* messagesOf<I extends DescMessage, O extends DescMessage>(
  { message }: StreamResponse<I, O>,
  signal: AbortSignal | undefined,
) {
  try {
    yield* message;
  } catch (thrown) {
    throw explained(thrown, signal);
  }
}

function explained(thrown: unknown, signal: AbortSignal | undefined): TrainyardError {
  return TrainyardError.of(thrown, signal?.aborted === true);
}
