import { load } from "cheerio";
import PostalMime, { type Address, type Attachment, type Email } from "postal-mime";
import { documentFailure, reason } from "./failures.ts";
import { htmlBlocks } from "./html-blocks.ts";
import { readInnerFiles, unreadMetadata } from "./inner-files.ts";
import { flatMetadata } from "./metadata.ts";
import type { Block, Reader } from "./reader.ts";

const mostAttachments = 200;
/** Pictures of signatures and logos that the HTML shows in place. */
const isDecoration = ({ related, mimeType }: Attachment): boolean =>
  related === true && mimeType.startsWith("image/");

const addressText = (address: Address): readonly string[] =>
  address.group === undefined
    ? [address.name === "" ? address.address : `${address.name} <${address.address}>`]
    : address.group.flatMap(addressText);
const people = (addresses: readonly Address[] | undefined): readonly string[] =>
  (addresses ?? []).flatMap(addressText);

const metadataOf = (mail: Email) =>
  flatMetadata({
    title: mail.subject,
    author: mail.from && people([mail.from])[0],
    to: people(mail.to),
    cc: people(mail.cc),
    created: mail.date,
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo,
    attachments: mail.attachments
      .filter((each) => !isDecoration(each))
      .flatMap(({ filename }) => filename ?? []),
  });

/** How mail programs begin what they quote. */
const quoteStart =
  /^(?:>|-{2,}\s*(?:Original Message|Forwarded message|原始邮件|转发的邮件|Ursprüngliche Nachricht)|_{20,}$|On .{5,200} wrote:\s*$|.{0,100}写道[:：]\s*$|在.{5,100}写道[:：]?\s*$)/iu;

/** The message itself, and the earlier ones that it quotes: runs of lines, in order. */
const parted = (text: string): readonly { readonly quoted: boolean; readonly text: string }[] => {
  const runs: { quoted: boolean; lines: string[] }[] = [];
  let below = false;
  for (const line of text.split("\n")) {
    const starts = quoteStart.test(line.trim());
    // After an announcement without marks all that follows is the earlier message.
    if (starts && !line.trimStart().startsWith(">") && !/(?:wrote|写道)[:：]?\s*$/.test(line)) below = true;
    const quoted = below || starts;
    const last = runs.at(-1);
    if (last && (last.quoted === quoted || line.trim() === "")) last.lines.push(line);
    else runs.push({ quoted, lines: [line] });
  }
  return runs.map(({ quoted, lines }) => ({
    quoted,
    text: lines
      .map((line) => line.replace(/^(?:>\s?)+/, ""))
      .join("\n")
      .trim(),
  }));
};

const quotedTitle = "Quoted";

const textBlocks = (text: string): readonly Block[] =>
  parted(text.replace(/\r\n?/g, "\n")).map(({ quoted, text: run }) => ({
    kind: "text",
    text: run,
    page: null,
    headings: quoted ? [quotedTitle] : [],
    header: "",
  }));

const quotes = "blockquote[type=cite], .gmail_quote, .yahoo_quoted, #divRplyFwdMsg, #appendonsend";

/** What is quoted goes after what is said, under a heading of its own. */
const bodyBlocks = (html: string): readonly Block[] => {
  const $ = load(html, { scriptingEnabled: false });
  $("script, style, [hidden]").remove();
  const quoted = $(quotes)
    .filter((_, element) => $(element).parents(quotes).length === 0)
    .remove()
    .get();
  const [body] = $("body").get();
  const own = body ? htmlBlocks(body) : [];
  const earlier = quoted
    .flatMap((element) => htmlBlocks(element))
    .map((block) => ({ ...block, headings: [quotedTitle, ...block.headings] }));
  return [...own, ...earlier];
};

const parseMail = async (bytes: Uint8Array, key: string): Promise<Email> => {
  try {
    return await PostalMime.parse(bytes, { maxNestingDepth: 50, forceRfc822Attachments: true });
  } catch (error) {
    throw documentFailure("CORRUPT_DOCUMENT", key, `is no whole e-mail: ${reason(error)}`, error);
  }
};

const nameOf = ({ filename, mimeType }: Attachment, index: number): string =>
  filename ?? `attachment-${index + 1}${mimeType === "message/rfc822" ? ".eml" : ""}`;

/**
 * E-mail: subject as the heading, the text (or else the HTML), quoted earlier messages apart under "Quoted", then each
 * attachment by its own reader with its name before its headings. People and dates are metadata; attachments that
 * cannot be read are named in `metadata.unread`.
 */
export const emlReader: Reader = {
  version: 1,
  read: async (input, nesting) => {
    const mail = await parseMail(input.bytes, input.key);
    const text = mail.text?.trim() ?? "";
    const own = text === "" ? bodyBlocks(mail.html ?? "") : textBlocks(text);
    const subject = mail.subject?.trim() ?? "";
    const under = subject === "" ? [] : [subject];
    const attached = mail.attachments.filter((each) => !isDecoration(each));
    if (attached.length > mostAttachments)
      throw documentFailure(
        "DOCUMENT_TOO_LARGE",
        input.key,
        `has ${attached.length} attachments; at most ${mostAttachments} are read`,
      );
    const files = attached.map((attachment, index) => ({
      path: nameOf(attachment, index),
      contentType: attachment.mimeType,
      bytes: async () => new Uint8Array(attachment.content as ArrayBuffer),
    }));
    const inner = await readInnerFiles(files, input, nesting);
    const head: readonly Block[] =
      subject === "" ? [] : [{ kind: "text", text: subject, page: null, headings: under, header: "" }];
    const body = own.map((block) => ({ ...block, headings: [...under, ...block.headings] }));
    const attachedBlocks = inner.blocks.map((block) => ({
      ...block,
      headings: [...under, ...block.headings],
    }));
    return {
      blocks: [...head, ...body, ...attachedBlocks],
      pictures: inner.pictures.map((each) => ({ ...each, headings: [...under, ...each.headings] })),
      notes: inner.notes,
      metadata: { ...metadataOf(mail), ...unreadMetadata(inner.unread) },
    };
  },
};
