/** What a step is told of the delivery that it handles. */
export type Delivery = {
  /** After this one the message goes to the dead-letter queue unless the step succeeds. */
  readonly lastReceive: boolean;
  /** Fires a little before the function's deadline. */
  readonly signal: AbortSignal;
};
