/**
 * Finds the route that answers a request.
 *
 * @module
 */

import type { RequestRecord } from "./access_log.ts";

/** A request that is being answered. */
export interface Context {
  /** The request. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** Values of the path's parameters (`:name`). */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Receives the outcome of the request. */
  readonly record: RequestRecord;
}

/** Returns the response to a request, or throws a `Refusal`. */
export type Method = (context: Context) => Response | Promise<Response>;

/** A path and its methods. */
export interface Route {
  /** Path pattern, as in metrics and the API description: `/v2/models/:model/infer`. */
  readonly path: string;
  /** Handlers by HTTP method. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly pattern: URLPattern;
}

/** The route that matches a path. */
export interface Found {
  /** The route. */
  readonly route: Route;
  /** Values of the path's parameters (`:name`). */
  readonly parameters: Context["parameters"];
}

/** Creates a route. */
export function route(path: string, methods: Readonly<Record<string, Method>>): Route {
  return { path, methods: new Map(Object.entries(methods)), pattern: new URLPattern({ pathname: path }) };
}

/** The route that matches a path, if there is one. */
export function findRoute(routes: readonly Route[], pathname: string): Found | undefined {
  for (const route of routes) {
    const groups = route.pattern.exec({ pathname })?.pathname.groups;
    if (!groups) continue;
    try {
      const parameters = Object.entries(groups).map(([name, text]) =>
        [name, text && decodeURIComponent(text)] as const
      );
      return { route, parameters: Object.fromEntries(parameters) };
    } catch {
      return undefined; // not valid UTF-8
    }
  }
}
