/** What the clients for Node and for browsers share: the API's messages, errors, and the types of a client. */
export { Code } from "@connectrpc/connect";
export type { CommonOptions, TrainyardClient } from "./client.js";
export { CONNECTION_LOST, TrainyardError, type Violation } from "./errors.js";
export { KEY_HEADER, type ResendOptions } from "./resend.js";
export type { WatchOptions, WatchRequestInit } from "./watch.js";
export * from "./gen/api.js";
