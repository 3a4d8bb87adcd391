/** The client in both its forms, for tests that hold for either. Must not know what is asked. */
import fs from "node:fs";
import path from "node:path";
import { createClient as forNode, type TrainyardClient } from "@trainyard/client/node";
import { createClient as forWeb } from "@trainyard/client/web";
import type { Server } from "./server.js";

/** Each form by the name of what it speaks. */
export const CLIENTS: readonly [string, (server: Server) => TrainyardClient][] = [
  ["gRPC", ({ url, data }) => forNode({ url, data })],
  ["gRPC-web", (server) => forWeb({ url: server.url, token: tokenOf(server) })],
];

/** The owner's token. */
export function tokenOf(server: Server): string {
  return fs.readFileSync(path.join(server.data, "local.token"), "utf8").trim();
}
