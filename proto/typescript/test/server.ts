/** The real server on a data folder of its own and any free port. Must not know the client. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { until } from "./until.js";

const CHECKOUT = path.resolve(import.meta.dirname, "../../..");

/** The program that is tested: the one that `TRAINYARD_BIN` names, or else what cargo built in this checkout. */
const PROGRAM = process.env.TRAINYARD_BIN ?? path.join(CHECKOUT, "target/debug/trainyard");

/** Where a running server says where it listens. */
interface Announcement {
  readonly pid: number;
  readonly url: string;
}

/** A running server; call {@link Server.end} in the end. */
export class Server {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-typescript-"));
  readonly data = path.join(this.folder, "data");
  url = "";
  #process: ChildProcess | undefined;

  /** Starts one and waits until it can be reached. */
  static async start(environment: Record<string, string> = {}): Promise<Server> {
    const server = new Server();
    await server.startAgain(environment);
    return server;
  }

  /** Starts it on the same data, and on the same port if it ran before. */
  async startAgain(environment: Record<string, string> = {}): Promise<void> {
    const address = this.url === "" ? "127.0.0.1:0" : new URL(this.url).host;
    const log = fs.openSync(this.#log, "a");
    const child = spawn(PROGRAM, ["serve", "--data", this.data, "--listen", address], {
      cwd: this.folder,
      env: { ...this.#environment(), ...environment },
      stdio: ["ignore", log, log],
    });
    fs.closeSync(log);
    this.#process = child;
    const announced = await until("the server is ready", () => {
      if (child.exitCode !== null) {
        throw new Error(`the server ended with ${child.exitCode}:\n${fs.readFileSync(this.#log, "utf8")}`);
      }
      const announced = this.#announced();
      return announced?.pid === child.pid ? announced : undefined;
    });
    this.url = announced.url;
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.ended();
  }

  /** Waits until its process is gone. */
  async ended(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null && child.signalCode === null) {
      await once(child, "exit");
    }
  }

  /** Asks it to stop, waits until it and its runners have, and removes everything. */
  async end(): Promise<void> {
    this.#process?.kill("SIGTERM");
    await this.ended();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Freezes it as a machine that hangs does, or lets it go on. */
  freeze(isFrozen: boolean): void {
    this.#process?.kill(isFrozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Everything that it has logged. */
  get log(): string {
    return fs.readFileSync(this.#log, "utf8");
  }

  get #log(): string {
    return path.join(this.folder, "server.log");
  }

  #environment(): NodeJS.ProcessEnv {
    // The key of the tests, and not one among the settings of who runs them.
    return { ...process.env, TRAINYARD_SECRETS_KEY_FILE: path.join(this.folder, "secrets.key") };
  }

  #announced(): Announcement | undefined {
    try {
      return JSON.parse(fs.readFileSync(path.join(this.data, "server.json"), "utf8")) as Announcement;
    } catch {
      return undefined;
    }
  }
}
