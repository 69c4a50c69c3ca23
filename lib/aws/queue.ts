/** Port: somewhere to send messages of one schema. A partial failure throws after the rest was sent. */
export type Queue<Message> = {
  send(messages: readonly Message[]): Promise<void>;
};
