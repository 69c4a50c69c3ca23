import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import { keepCertificate, type Secrets } from "./keep-certificate.ts";

const client = new SecretsManagerClient({ maxAttempts: 5 });

const secrets: Secrets = {
  read: async (SecretId) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
      return SecretString ?? null;
    } catch (error) {
      // A secret that is there without a value is "not found" too; one that is not there fails when it is written.
      if (error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  },
  write: async (SecretId, SecretString) => {
    await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  },
};

const work = async (event: CloudFormationCustomResourceEvent): Promise<Record<string, string>> => {
  // The secrets go or stay by themselves.
  if (event.RequestType === "Delete") return {};
  const { AuthoritySecret, ServerSecret, AuthorityName, Names } = event.ResourceProperties;
  const { ca, serial } = await keepCertificate(
    secrets,
    {
      authoritySecret: AuthoritySecret,
      serverSecret: ServerSecret,
      authorityName: AuthorityName,
      names: Names,
    },
    new Date(),
  );
  return { Ca: ca, Serial: serial };
};

/** Answers CloudFormation at the address that it gave (CloudFormation guide, "Custom resource response objects"). */
export const handler = async (event: CloudFormationCustomResourceEvent): Promise<void> => {
  const outcome = await work(event).then(
    (Data) => ({ Status: "SUCCESS", Data }),
    (error: unknown) => ({
      Status: "FAILED",
      Reason: error instanceof Error ? error.message : String(error),
    }),
  );
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = { ...outcome, StackId, RequestId, LogicalResourceId, PhysicalResourceId: "certificate" };
  const answer = await fetch(event.ResponseURL, {
    method: "PUT",
    headers: { "content-type": "" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`CloudFormation answered ${answer.status}`);
};
