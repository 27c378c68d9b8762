import { readFile } from "node:fs/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

/** Lets this process believe the server that uses this PEM file, also when nobody has signed it. */
export async function trustCertificate(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  setDefaultCACertificates([...getCACertificates("default"), await readFile(file, "utf8")]);
}
