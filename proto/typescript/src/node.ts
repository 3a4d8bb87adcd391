/** The client for Node: gRPC over HTTP/2. Must not know any service. */
import { Http2SessionManager, createGrpcTransport } from "@connectrpc/connect-node";
import { clientOf, interceptorsOf, trimmed, type CommonOptions, type TrainyardClient } from "./client.js";
import { findPlace, type PlaceOptions } from "./place.js";

export * from "./index.js";
export type { PlaceOptions } from "./place.js";

/** The longest answer that the server gives, in bytes. */
const MAX_ANSWER_BYTES = 16 << 20;

/** A client with a connection of its own. */
export interface NodeClient extends TrainyardClient {
  /** Ends the connection and every call on it. A program that has no call under way ends without it. */
  close(): void;
}

/** Where the server is, and how calls are sent. */
export interface NodeOptions extends PlaceOptions, CommonOptions {}

/**
 * A client of the server that the options, the environment or the data folder name. Nothing is sent yet.
 *
 * @throws Error if no server is named and none runs here, or there is no token
 */
export function createClient(options: NodeOptions = {}): NodeClient {
  const place = findPlace(options);
  const url = trimmed(place.url);
  const sessionManager = new Http2SessionManager(url);
  const transport = createGrpcTransport({
    baseUrl: url,
    interceptors: interceptorsOf(options, place.token),
    readMaxBytes: MAX_ANSWER_BYTES,
    sessionManager,
  });
  return {
    ...clientOf(url, transport),
    close: () => {
      sessionManager.abort();
    },
  };
}
