import { readEnvironment } from "../lib/config/environment.ts";
import { infraApp } from "./infra-app.ts";

/** What `cdk` runs (cdk.json): the stacks of KETTLE_STAGE, from kettle.yml or KETTLE_CONFIG. */
infraApp(readEnvironment().config).synth();
