// Made from packages/phone/page/kept-keys.ts by `npm run gen`.
/** What lies in this browser for one QR. The private key can sign here, and be read by nobody. */

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" }         ;
const STORE = "keys";

/** The keys of this browser. */
export class KeptKeys {
           #database             ;

          constructor(database             ) {
    this.#database = database;
  }

  static async open()                    {
    const request = indexedDB.open("postern-qr", 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE, { keyPath: "qid" });
    return new KeptKeys(await settled(request));
  }

  async find(qid        )                          {
    const found                      = await settled(this.#store("readonly").get(qid));
    return found ?? null;
  }

  async put(key         )                {
    await settled(this.#store("readwrite").put(key));
  }

  async remove(qid        )                {
    await settled(this.#store("readwrite").delete(qid));
  }

  #store(mode                    )                 {
    return this.#database.transaction(STORE, mode).objectStore(STORE);
  }
}

function settled       (request                   )                 {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A new pair whose private half never leaves this browser. */
export async function makeKey()                                                              {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  const mark = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { privateKey: pair.privateKey, publicKey: btoa(String.fromCharCode(...spki)), mark };
}

export async function signWith({ privateKey }         , bytes                         )                                   {
  return new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, bytes));
}
