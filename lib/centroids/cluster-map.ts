import { z } from "zod";

const mapSchema = z.object({
  points: z.array(z.object({ id: z.string(), x: z.number(), y: z.number(), clusterId: z.int() })),
});

/** A sample of chunks in two dimensions, with the ids of their clusters (−1: none). */
export type ClusterMap = Readonly<z.infer<typeof mapSchema>>;

/** Null when the text is not a map. */
export const parseMap = (content: string | null): ClusterMap | null => {
  if (content === null) return null;
  const parsed = mapSchema.safeParse(JSON.parse(content));
  return parsed.success ? parsed.data : null;
};
