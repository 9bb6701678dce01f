/**
 * Which part of a server answers a request.
 *
 * @module
 */

import type { RequestRecord } from "./access_log.ts";

/** A request in the course of being answered. */
export interface Context {
  /** The request. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** What the path has in place of `:name`. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Receives the outcome of the request. */
  readonly record: RequestRecord;
}

/** Answers a request, or throws a `Refusal`. */
export type Method = (context: Context) => Response | Promise<Response>;

/** A path, and what may be done there. */
export interface Route {
  /** As metrics and documents have it: `/v2/models/:model/infer`. */
  readonly path: string;
  /** By HTTP method. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly pattern: URLPattern;
}

/** A route that a path takes. */
export interface Found {
  /** Which. */
  readonly route: Route;
  /** What the path has in place of `:name`. */
  readonly parameters: Context["parameters"];
}

/** Makes a route. */
export function route(path: string, methods: Readonly<Record<string, Method>>): Route {
  return { path, methods: new Map(Object.entries(methods)), pattern: new URLPattern({ pathname: path }) };
}

/** The route that a path takes, if there is one. */
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
      return undefined; // no text in UTF-8
    }
  }
}
