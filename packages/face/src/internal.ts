/** For the measurements, which may look inside; nobody else imports it. */

export { decodePicture } from "./decode-picture.ts";
export { detectFaces } from "./detect-faces.ts";
export type { Box } from "./picture.ts";
