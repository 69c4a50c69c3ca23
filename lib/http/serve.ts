import type { Kettle } from "../compose.ts";
import { type HttpHandler, httpFunction } from "./handler.ts";
import type { Operations } from "./operation.ts";
import type { HttpFunction } from "./routes.ts";

/**
 * An HTTP function over the process's drivers.
 * @throws AppError `CONFIG_INVALID` when `http.auth` is on and no token is set: the function does not start.
 */
export const serve = <Name extends HttpFunction>(
  kettle: Kettle,
  name: Name,
  operations: () => Promise<Operations<Name>>,
): HttpHandler =>
  httpFunction({
    name,
    log: kettle.log,
    authenticate: kettle.authenticate(),
    origins: kettle.config.http.cors.origins,
    operations,
  });
