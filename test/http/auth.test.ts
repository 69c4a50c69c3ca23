import { describe, expect, it } from "vitest";
import { authenticator, secretToken, tokenSource } from "../../lib/http/auth.ts";

const http = (auth: boolean, tokenSecret: string | null) => ({
  config: {
    http: { auth, tokenSecret, cors: { origins: [] }, rate: { perSecond: 1, burst: 1 }, uploadSeconds: 900 },
  },
});
const noClient = () => {
  throw new Error("Secrets Manager must not be asked");
};

/** Secrets Manager as far as it is asked: gives `secret.value`, or throws when that is null. */
const secrets = (secret: { value: string | null; asked: number }) =>
  ({
    send: async () => {
      secret.asked++;
      if (secret.value === null) throw new Error("unreachable");
      return { SecretString: secret.value };
    },
  }) as never;

describe("where the token comes from", () => {
  it("with http.auth off nobody is asked for one", async () => {
    const authenticate = authenticator(tokenSource({ ...http(false, "s"), token: "t" }, noClient));
    expect(await authenticate(undefined)).toBe(true);
  });

  it("KETTLE_TOKEN goes before the secret", async () => {
    const authenticate = authenticator(tokenSource({ ...http(true, "s"), token: "t" }, noClient));
    expect([await authenticate("Bearer t"), await authenticate(undefined)]).toEqual([true, false]);
  });

  it("with http.auth on and no token it refuses to start, and says what to set", () => {
    expect(() => tokenSource({ ...http(true, null), token: null }, noClient)).toThrow(
      /KETTLE_TOKEN.*http\.tokenSecret/,
    );
  });

  it("the secret serves where there is no KETTLE_TOKEN", async () => {
    const secret = { value: " t\n", asked: 0 };
    const authenticate = authenticator(
      tokenSource({ ...http(true, "kettle/http"), token: null }, () => secrets(secret)),
    );
    expect([await authenticate("Bearer t"), await authenticate("Bearer t"), secret.asked]).toEqual([
      true,
      true,
      1,
    ]);
  });
});

describe("a token in Secrets Manager", () => {
  it("is known soon after it was rotated, without a read for every wrong guess", async () => {
    const secret = { value: "old", asked: 0 };
    let now = 0;
    const authenticate = authenticator(secretToken(secrets(secret), "s", () => now));
    expect(await authenticate("Bearer old")).toBe(true);
    secret.value = "new";
    for (let i = 0; i < 20; i++) expect(await authenticate("Bearer guess")).toBe(false);
    expect(secret.asked).toBe(1);
    now = 10_000;
    expect(await authenticate("Bearer new")).toBe(true);
    expect(await authenticate("Bearer old")).toBe(false);
  });

  it("goes on being believed while it cannot be read again", async () => {
    const secret: { value: string | null; asked: number } = { value: "t", asked: 0 };
    let now = 0;
    const authenticate = authenticator(secretToken(secrets(secret), "s", () => now));
    await authenticate("Bearer t");
    secret.value = null;
    now = 3_600_000;
    expect(await authenticate("Bearer t")).toBe(true);
  });

  it.each([
    ["unreadable", null, "AWS_UNAVAILABLE"],
    ["empty", " ", "CONFIG_INVALID"],
  ])("%s lets nobody in", async (_title, value, code) => {
    const authenticate = authenticator(secretToken(secrets({ value, asked: 0 }), "s"));
    await expect(authenticate("Bearer ")).resolves.toBe(false);
    await expect(authenticate("Bearer x")).rejects.toMatchObject({ code });
  });
});
