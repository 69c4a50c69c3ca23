import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Queue } from "./queue.ts";

export type MessageRow = {
  sequence: number;
  id: string;
  queue: string;
  origin: string | null;
  body_md5: string;
  attributes: string;
  sent_at: number;
  visible_at: number;
  receives: number;
  first_received_at: number | null;
  handle: string | null;
};

export type QueueRow = {
  name: string;
  attributes: string;
  tags: string;
  created_at: number;
  modified_at: number;
};

export const queueFromRow = (row: QueueRow): Queue => ({
  name: row.name,
  attributes: JSON.parse(row.attributes) as Record<string, string>,
  tags: JSON.parse(row.tags) as Record<string, string>,
  createdAt: row.created_at,
  modifiedAt: row.modified_at,
});

export const queueStatements = (database: DatabaseSync) => {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    putQueue: sql(
      "INSERT INTO queues VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET attributes = excluded.attributes, tags = excluded.tags, modified_at = excluded.modified_at",
    ),
    dropQueue: sql("DELETE FROM queues WHERE name = ?"),
    queues: sql("SELECT * FROM queues"),
    send: sql(
      "INSERT INTO messages (id, queue, origin, body_md5, attributes, sent_at, visible_at, receives) VALUES (?, ?, NULL, ?, ?, ?, ?, 0)",
    ),
    sendBody: sql("INSERT INTO bodies VALUES (?, ?)"),
    visible: sql(
      "SELECT * FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT ?",
    ),
    body: sql("SELECT body FROM bodies WHERE sequence = ?"),
    take: sql(
      "UPDATE messages SET handle = ?, visible_at = ?, receives = ?, first_received_at = ? WHERE sequence = ?",
    ),
    move: sql(
      "UPDATE messages SET id = ?, queue = ?, origin = ?, sent_at = ?, visible_at = ?, receives = ?, first_received_at = ?, handle = NULL WHERE sequence = ?",
    ),
    byHandle: sql("SELECT * FROM messages WHERE handle = ?"),
    show: sql("UPDATE messages SET visible_at = ? WHERE handle = ?"),
    giveBack: sql(
      "UPDATE messages SET visible_at = ?, receives = receives - 1, handle = NULL WHERE handle = ?",
    ),
    remove: sql("DELETE FROM messages WHERE sequence = ?"),
    purge: sql("DELETE FROM messages WHERE queue = ?"),
    expire: sql("DELETE FROM messages WHERE queue = ? AND sent_at < ?"),
    countVisible: sql("SELECT count(*) AS n FROM messages WHERE queue = ? AND visible_at <= ?"),
    countHidden: sql(
      "SELECT count(handle) AS held, count(*) AS n FROM messages WHERE queue = ? AND visible_at > ?",
    ),
    nextVisible: sql(
      "SELECT visible_at AS at FROM messages WHERE queue = ? ORDER BY visible_at, sequence LIMIT 1",
    ),
    showAll: sql("UPDATE messages SET visible_at = ?, handle = NULL WHERE handle IS NOT NULL"),
  };
};

export type QueueStatements = ReturnType<typeof queueStatements>;
