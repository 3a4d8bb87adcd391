/**
 * What a call that failed tells: the server's reason, what to do next, the fields that are wrong, and the id of the
 * request. Must not know which call it was.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "./gen/google/rpc/error_details_pb.js";

/** A field of a request that is wrong. */
export interface Violation {
  /** Its path, for example `configuration_json.epochs`. */
  readonly field: string;
  /** What is wrong with it. */
  readonly description: string;
}

/** The reason of a {@link TrainyardError} that stands for a connection that was lost, or was never there. */
export const CONNECTION_LOST = "CONNECTION_LOST";

/**
 * Why a call failed. It is a `ConnectError` as well: `code` is the canonical code of gRPC, `message` says what
 * happened and what to do next.
 */
export class TrainyardError extends ConnectError {
  /** A constant for programs, for example `NAME_TAKEN`; empty where the server gave none. */
  readonly reason: string;
  /** What to do about it; empty where the message says it. */
  readonly nextStep: string;
  /** The fields of the request that are wrong. */
  readonly violations: readonly Violation[];
  /** Names the request in the server's log; empty where it never got there. */
  readonly requestId: string;
  /** When to try again, in milliseconds; absent where the server does not say. */
  readonly retryAfterMs: number | undefined;

  private constructor(error: ConnectError, code: Code, message: string, reason: string) {
    super(message, code, error.metadata, undefined, error.cause ?? error);
    // The name stays that of the base class: by it, the library knows errors that it need not wrap.
    this.details = error.details;
    const [info] = error.findDetails(ErrorInfoSchema);
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    this.reason = info?.reason ?? reason;
    this.nextStep = info?.metadata.next_step ?? "";
    this.violations = error
      .findDetails(BadRequestSchema)
      .flatMap((bad) => bad.fieldViolations)
      .map(({ field, description }) => ({ field, description }));
    this.requestId = error.findDetails(RequestInfoSchema)[0]?.requestId ?? "";
    this.retryAfterMs = delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  }

  /**
   * Turns whatever a call threw into this error. What broke the connection becomes `UNAVAILABLE` with the reason
   * {@link CONNECTION_LOST}, whatever the platform calls it; what the caller has cancelled is no such thing.
   */
  static of(thrown: unknown, isCancelled: boolean): TrainyardError {
    if (thrown instanceof TrainyardError) {
      return thrown;
    }
    const error = ConnectError.from(thrown);
    if (isCancelled || !isLost(error)) {
      return new TrainyardError(error, error.code, error.rawMessage, "");
    }
    const message = `the server cannot be reached (${error.rawMessage}); is it running, and is its address right?`;
    return new TrainyardError(error, Code.Unavailable, message, CONNECTION_LOST);
  }

  /** The connection is of no use any more, although nothing broke it. */
  static lost(message: string): TrainyardError {
    return new TrainyardError(new ConnectError(message), Code.Unavailable, message, CONNECTION_LOST);
  }

  /** Only what this class made: by its own rule, the base class takes every error of its kind. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && Object.prototype.isPrototypeOf.call(TrainyardError.prototype, value);
  }
}

/** No answer came. Node says `Canceled` or `Aborted` where a stream was cut; a failed `fetch` is a `TypeError`. */
function isLost(error: ConnectError): boolean {
  const isAnswered = error.metadata.has("grpc-status");
  const isCut = [Code.Unavailable, Code.Canceled, Code.Aborted].includes(error.code);
  return !isAnswered && (isCut || error.cause instanceof TypeError);
}
