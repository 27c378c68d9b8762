import type { KeptQr } from "./phone-view.ts";

/** What lies in this browser for one QR. The private key can sign here, and be read by nobody. */
export interface KeptKey extends KeptQr {
  readonly qid: string;
  readonly privateKey: CryptoKey;
  /** SubjectPublicKeyInfo in base64, as the server reads it. */
  readonly publicKey: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const STORE = "keys";

/** The keys of this browser. */
export class KeptKeys {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<KeptKeys> {
    const request = indexedDB.open("postern-qr", 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { keyPath: "qid" });
    return new KeptKeys(await settled(request));
  }

  async find(qid: string): Promise<KeptKey | null> {
    const found: KeptKey | undefined = await settled(this.#store("readonly").get(qid));
    return found ?? null;
  }

  async put(key: KeptKey): Promise<void> {
    await settled(this.#store("readwrite").put(key));
  }

  async remove(qid: string): Promise<void> {
    await settled(this.#store("readwrite").delete(qid));
  }

  #store(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }
}

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A new pair whose private half never leaves this browser. */
export async function makeKey(): Promise<Pick<KeptKey, "privateKey" | "publicKey" | "mark">> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  const mark = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { privateKey: pair.privateKey, publicKey: btoa(String.fromCharCode(...spki)), mark };
}

export async function signWith({ privateKey }: KeptKey, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, bytes));
}
