/** Where the server is found, and how browsers sign in. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createClient as forNode } from "@trainyard/client/node";
import { createClient as forWeb } from "@trainyard/client/web";
import { findPlace } from "../dist/place.js";
import { tokenOf } from "./clients.js";
import { Server } from "./server.js";

const VARIABLES = ["TRAINYARD_URL", "TRAINYARD_TOKEN", "TRAINYARD_DATA", "XDG_DATA_HOME", "HOME"];

/** Runs `work` with these variables and no other of ours, in this folder. */
async function within<T>(
  folder: string,
  variables: Record<string, string>,
  work: () => T | Promise<T>,
): Promise<T> {
  const before = { ...process.env };
  const home = process.cwd();
  for (const name of VARIABLES) {
    Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, variables);
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(home);
    process.env = before;
  }
}

await test("a server is found as the command line finds it", async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const token = tokenOf(server);
  const found = { url: server.url, token };
  const local = path.join(server.folder, "somewhere");
  fs.mkdirSync(local);
  fs.symlinkSync(server.data, path.join(local, ".trainyard"));
  const shared = path.join(server.folder, "share");
  fs.mkdirSync(shared);
  fs.symlinkSync(server.data, path.join(shared, "trainyard"));
  const elsewhere = { url: "http://elsewhere:1", token: "other" };

  const cases: [string, string, Record<string, string>, Parameters<typeof findPlace>[0], object][] = [
    ["options win", "/", { TRAINYARD_URL: "http://a", TRAINYARD_TOKEN: "b" }, elsewhere, elsewhere],
    ["variables", "/", { TRAINYARD_URL: "http://elsewhere:1", TRAINYARD_TOKEN: " other\n" }, {}, elsewhere],
    ["a named folder", "/", {}, { data: server.data }, found],
    ["a folder by variable", "/", { TRAINYARD_DATA: server.data }, {}, found],
    ["a used folder here", local, { HOME: server.folder }, {}, found],
    ["the user's folder", "/", { XDG_DATA_HOME: shared }, {}, found],
    [
      "a relative one counts for nothing",
      "/",
      { XDG_DATA_HOME: "x", TRAINYARD_DATA: server.data },
      {},
      found,
    ],
  ];
  for (const [name, folder, variables, options, expected] of cases) {
    const place = await within(folder, variables, () => findPlace(options));
    assert.deepEqual(place, expected, name);
  }
  const user = await within(local, {}, () => forNode({ data: server.data }).access.getSession({}));
  assert.equal(user.user, "owner");

  await server.kill();
  assert.throws(
    () => findPlace({ data: server.data }),
    /no server runs on the data folder .*trainyard serve/,
  );
});

await test("without a token the error says what to name", () => {
  const place = { url: "http://127.0.0.1:9", data: "/nonexistent" };
  assert.throws(() => findPlace(place), /no token to sign in to .*TRAINYARD_TOKEN/);
});

await test("a browser signs in by a link, and its cookie signs the rest", async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  let cookie = "";
  // What a browser does by itself.
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (cookie !== "") {
      headers.set("cookie", cookie);
    }
    const response = await globalThis.fetch(input, { ...init, headers });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) {
      cookie = set.includes("Max-Age=0") ? "" : (set.split(";")[0] ?? "");
    }
    return response;
  };
  const owner = forNode({ url: server.url, data: server.data });
  const { url } = await owner.access.createSignInLink({});
  const browser = forWeb({ url: server.url, fetch });
  await browser.access.signIn({ token: new URL(url).hash.slice(1).replace(/^.*=/, "") });
  assert.equal((await browser.access.getSession({})).user, "owner");
  await browser.access.signOut({});
  await assert.rejects(browser.access.getSession({}), { reason: "CREDENTIALS_MISSING" });
});
