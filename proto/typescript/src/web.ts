/** The client for browsers: gRPC-web by `fetch`. Must not know any service. */
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { clientOf, interceptorsOf, trimmed, type CommonOptions, type TrainyardClient } from "./client.js";

export * from "./index.js";

/** Where the server is, and how calls are sent. */
export interface WebOptions extends CommonOptions {
  /** The server's address; without it, where the page came from. */
  readonly url?: string;
  /** A token. Without it, the browser's session cookie signs in, which goes to the page's own server alone. */
  readonly token?: string;
  /** Stands in for the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A client of the server at this address. Nothing is sent yet. */
export function createClient(options: WebOptions = {}): TrainyardClient {
  const url = trimmed(options.url ?? globalThis.location.origin);
  const transport = createGrpcWebTransport({
    baseUrl: url,
    interceptors: interceptorsOf(options, options.token),
    ...(options.fetch && { fetch: options.fetch }),
  });
  return clientOf(url, transport);
}
