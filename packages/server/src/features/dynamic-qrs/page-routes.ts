import { createHash } from "node:crypto";
import { readPathUuid } from "@postern/contract";
import { type PhoneFile, phoneFiles } from "@postern/phone";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { NativeRefusal } from "../../platform/http/native-refusal.ts";
import { hidden } from "../../platform/operations/serve-operations.ts";
import { sourceOf } from "../../platform/source-address.ts";
import { PHONE_BODY_BYTES_MAX } from "./limits.ts";
import type { Phones } from "./phones.ts";

const PAGE = { config: { undescribed: true } } as const;

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const bindBody = Compile(Type.Object({ publicKey: Type.String({ maxLength: PHONE_BODY_BYTES_MAX }) }));

interface QidParams {
  readonly Params: { readonly qid: string };
}

/**
 * `/dynamic`, what a dynamic QR's link opens on a phone: the same for everybody, and looking at it changes nothing, as link previews do. What the page then
 * asks is known by the link's id alone.
 */
export function addPhoneRoutes(app: FastifyInstance, phones: Phones): void {
  let files: Promise<ReadonlyMap<string, ServedFile>> | null = null;
  const served = async (name: string): Promise<ServedFile> => {
    files ??= loadFiles();
    const file = (await files).get(name);
    if (file === undefined) throw new NativeRefusal("not_found", { detail: "No such path." });
    return file;
  };
  app.get("/dynamic", PAGE, async (request, reply) => {
    reply.headers({ "content-security-policy": POLICY, "referrer-policy": "no-referrer", "x-robots-tag": "noindex" });
    return send(await served("page.html"), request, reply);
  });
  app.get<{ Params: { readonly name: string } }>("/dynamic/:name", PAGE, async (request, reply) => {
    const { name } = request.params;
    // Its scope is the page's own address, one folder above its file's.
    if (name === "worker.js") reply.headers({ "service-worker-allowed": "/", "content-security-policy": POLICY });
    return send(await served(name), request, reply);
  });
  app.get<QidParams>("/dynamic/qrs/:qid", PAGE, (request) => phones.look(sourceOf(request.ip), qidOf(request.params)));
  app.post<QidParams>("/dynamic/qrs/:qid", { ...PAGE, bodyLimit: PHONE_BODY_BYTES_MAX }, (request) => {
    const { body } = request;
    if (!bindBody.Check(body)) throw new NativeRefusal("argument_invalid", { problems: [{ field: "publicKey", message: "is required" }] });
    return phones.bind(sourceOf(request.ip), qidOf(request.params), body.publicKey);
  });
}

interface ServedFile extends PhoneFile {
  /** A strong `ETag`. */
  readonly tag: string;
}

async function loadFiles(): Promise<ReadonlyMap<string, ServedFile>> {
  const files = await phoneFiles();
  const tagged = files.map((file) => ({ ...file, tag: `"${createHash("sha256").update(file.text).digest("base64url").slice(0, 22)}"` }));
  return new Map(tagged.map((file) => [file.name, file]));
}

function send({ type, text, tag }: ServedFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.type(type).headers({ etag: tag, "cache-control": "no-cache" });
  return request.headers["if-none-match"] === tag ? reply.code(304).send() : reply.send(text);
}

/** One that is no id is answered like one that nobody has: a phone is told the same of both. */
function qidOf({ qid }: QidParams["Params"]): string {
  const read = readPathUuid("dynamicQrId", qid);
  if (!read.ok) throw hidden("dynamicQrId");
  return read.value;
}
