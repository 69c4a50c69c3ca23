import { RemovalPolicy } from "aws-cdk-lib";
import type { Config } from "../lib/config/schema.ts";

/** What happens to data when its stack goes. */
export const dataRemoval = ({ infra }: Pick<Config, "infra">): RemovalPolicy =>
  infra.deletionPolicy === "retain" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
