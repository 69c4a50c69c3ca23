/** What happened, told after it is durable; for progress displays. */
export type Activity =
  | { readonly kind: "object-created" | "object-removed"; readonly bucket: string; readonly key: string }
  | { readonly kind: "message-sent" | "message-deleted" | "message-dead"; readonly queue: string };

export type ActivityFeed = {
  readonly tell: (activity: Activity) => void;
  /** @returns a function that ends the subscription */
  readonly listen: (listener: (activity: Activity) => void) => () => void;
};

export const activityFeed = (): ActivityFeed => {
  const listeners = new Set<(activity: Activity) => void>();
  return {
    tell: (activity) => {
      for (const listener of listeners) listener(activity);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
