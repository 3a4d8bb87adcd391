/**
 * Finds the server and what to sign in with, as the command line does: what was named, the environment, and then the
 * data folder of this machine. Must not know how calls travel.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

/** Data folders in the current folder that are found if a server ever used them. */
const LOCAL_FOLDERS = [".trainyard", ".trainyard/demo"];

/** What may be named; what is not, is found. */
export interface PlaceOptions {
  /** The address, for example `http://127.0.0.1:8080`; else `TRAINYARD_URL`, else what runs on the data folder. */
  readonly url?: string;
  /** The token; else `TRAINYARD_TOKEN`, else the data folder's. */
  readonly token?: string;
  /** The data folder; else `TRAINYARD_DATA`, else one in the current folder, else the user's own. */
  readonly data?: string;
}

/** Where the server is and how to sign in. */
export interface Place {
  readonly url: string;
  readonly token: string;
}

/**
 * Where the server is and how to sign in to it.
 *
 * @throws Error if no server runs on the data folder, or there is no token; the message says what to name
 */
export function findPlace(options: PlaceOptions): Place {
  const data = options.data ?? variable("TRAINYARD_DATA") ?? findFolder();
  const url = options.url ?? variable("TRAINYARD_URL") ?? runningServer(data);
  if (url === undefined) {
    throw new Error(
      `no server runs on the data folder ${data}; ` +
        "start one with `trainyard serve`, or name one by `url` or TRAINYARD_URL",
    );
  }
  return { url, token: options.token ?? variable("TRAINYARD_TOKEN") ?? localToken(data, url) };
}

function variable(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === "" ? undefined : value;
}

function findFolder(): string {
  const used = LOCAL_FOLDERS.map((folder) => path.resolve(folder)).find((folder) =>
    fs.existsSync(path.join(folder, "trainyard.db")),
  );
  const shared = variable("XDG_DATA_HOME");
  const isAbsolute = shared !== undefined && path.isAbsolute(shared);
  return used ?? path.join(isAbsolute ? shared : path.join(os.homedir(), ".local/share"), "trainyard");
}

/** What the server wrote down, as long as its process lives. */
function runningServer(data: string): string | undefined {
  try {
    const text = fs.readFileSync(path.join(data, "server.json"), "utf8");
    const { pid, url } = JSON.parse(text) as { pid: number; url: string };
    process.kill(pid, 0);
    return url;
  } catch {
    return undefined;
  }
}

function localToken(data: string, url: string): string {
  const file = path.join(data, "local.token");
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new Error(
      `there is no token to sign in to ${url} with: ${file} cannot be read; ` +
        "set TRAINYARD_TOKEN, or name the server's data folder by `data` or TRAINYARD_DATA",
      { cause },
    );
  }
}
