/** One object with a client for each service of the API. Must not know who carries the calls. */
import { createClient, type Client, type Interceptor, type Transport } from "@connectrpc/connect";
import { explaining } from "./explaining.js";
import {
  AccessService,
  ArchitectureService,
  ComputeService,
  DatasetService,
  FilterService,
  ModelService,
  RecipeService,
  SecretService,
  TrainingService,
  WatchService,
  type WatchEvent,
} from "./gen/api.js";
import { resend, type ResendOptions } from "./resend.js";
import { watch, type WatchOptions, type WatchRequestInit } from "./watch.js";

/** What every client can be told. */
export interface CommonOptions {
  /** How calls are sent again that did not arrive. */
  readonly resend?: ResendOptions;
  /** Interceptors of your own: each sees a call once, however often it is sent. */
  readonly interceptors?: readonly Interceptor[];
}

/** A server, by the services of its API. Every call that fails throws a {@link TrainyardError}. */
export interface TrainyardClient {
  /** Where the server is, without a slash at the end. */
  readonly url: string;
  /** Who the caller is, and how a browser signs in. */
  readonly access: Client<typeof AccessService>;
  /** Families of model versions, and what can be set for them. */
  readonly architectures: Client<typeof ArchitectureService>;
  /** Training services, their instances, and machines. */
  readonly compute: Client<typeof ComputeService>;
  /** Sets of labelled images. */
  readonly datasets: Client<typeof DatasetService>;
  /** Filters that are kept by name, and what one finds. */
  readonly filters: Client<typeof FilterService>;
  /** Model versions and their files. */
  readonly models: Client<typeof ModelService>;
  /** Named lists of labels of a dataset. */
  readonly recipes: Client<typeof RecipeService>;
  /** Values for trainings that nobody can read back. */
  readonly secrets: Client<typeof SecretService>;
  /** The processes that train model versions. */
  readonly trainings: Client<typeof TrainingService>;
  /**
   * The live stream: what there is after the cursor of the request, then `caughtUp`, then each change. It goes on from
   * its cursor after a cut; leave the loop or abort the signal to end it.
   *
   * @throws TrainyardError if the server refuses, or cannot be reached at the beginning
   */
  watch(request: WatchRequestInit, options?: WatchOptions): AsyncGenerator<WatchEvent, void, undefined>;
}

/** The clients of a transport. */
export function clientOf(url: string, carrier: Transport): TrainyardClient {
  const transport = explaining(carrier);
  const live = createClient(WatchService, transport);
  return {
    url,
    access: createClient(AccessService, transport),
    architectures: createClient(ArchitectureService, transport),
    compute: createClient(ComputeService, transport),
    datasets: createClient(DatasetService, transport),
    filters: createClient(FilterService, transport),
    models: createClient(ModelService, transport),
    recipes: createClient(RecipeService, transport),
    secrets: createClient(SecretService, transport),
    trainings: createClient(TrainingService, transport),
    watch: (request, options) => watch(live, request, options),
  };
}

/** What every call goes through: the caller's own interceptors, then the key and the tries, then who calls. */
export function interceptorsOf(options: CommonOptions, token: string | undefined): Interceptor[] {
  const signIn: Interceptor = (next) => (request) => {
    if (token !== undefined) {
      request.header.set("authorization", `Bearer ${token}`);
    }
    return next(request);
  };
  return [...(options.interceptors ?? []), resend(options.resend), signIn];
}

/** An address without the slashes at its end. */
export function trimmed(url: string): string {
  return url.replace(/\/+$/, "");
}
