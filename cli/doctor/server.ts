import { type ApiClient, ApiError, type Health, type PublicConfig } from "../api-client.ts";
import { type Finding, fine, problem } from "./finding.ts";

/** What the health says, and the parameters; both null when there is no use in looking further. */
type Reached = {
  readonly findings: readonly Finding[];
  readonly health: Health | null;
  readonly config: PublicConfig | null;
};

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const unreachable = (url: string, error: unknown): Finding =>
  error instanceof ApiError
    ? problem(
        "server",
        `what answers at ${url} is not Kettle: ${error.message}`,
        "set KETTLE_URL to Kettle's own address, without a path; where it is, its log has the request",
      )
    : problem(
        "server",
        words(error),
        "set KETTLE_URL to its address (on AWS the endpoint that `serverless info` prints), or start it here: npm start",
      );

const refused = (error: unknown, given: boolean): Finding => {
  if (!(error instanceof ApiError) || error.status !== 401)
    return problem("token", words(error), "the log of the function `api` has the request: docs/running.md");
  return given
    ? problem(
        "token",
        "KETTLE_TOKEN is not the server's token",
        "on AWS it is in the secret that http.tokenSecret names, on one machine in the KETTLE_TOKEN that the server was started with",
      )
    : problem("token", "the server asks for a token and none is given", "set KETTLE_TOKEN");
};

/** Is it there, is it Kettle, does it take the token? Without these nothing else can be asked. */
export const reachServer = async (api: ApiClient, tokenGiven: boolean): Promise<Reached> => {
  let health: Health;
  try {
    health = await api.health({ deep: true });
  } catch (error) {
    return { findings: [unreachable(api.url, error)], health: null, config: null };
  }
  const answers = fine("server", `${api.url} answers: ${health.status}`);
  try {
    const config = await api.config();
    const token = fine("token", config.http.auth ? "taken" : "none is asked for (http.auth is off)");
    return { findings: [answers, token], health, config };
  } catch (error) {
    return { findings: [answers, refused(error, tokenGiven)], health: null, config: null };
  }
};
