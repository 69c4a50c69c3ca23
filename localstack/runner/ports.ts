import { createServer } from "node:net";
import { StartError } from "./options.ts";

/**
 * Gives `port` if it can be listened on at 127.0.0.1, or a free one for 0.
 * @param variable named in the error, so that the user knows what to change
 * @throws StartError when it is taken or not allowed
 */
export const claimPort = (port: number, variable: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "is taken" : `cannot be used (${error.code})`;
      reject(new StartError(`port ${port} ${reason}; set ${variable} to another one`));
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const given = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(given));
    });
  });
