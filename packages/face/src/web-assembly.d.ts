/** As much of the platform's WebAssembly as is used here; Node's own types leave it out. */
// biome-ignore lint/style/noNamespace: the platform's name for it is one.
declare namespace WebAssembly {
  class Memory {
    constructor(size: { readonly initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { readonly host: { readonly memory: Memory } });
    readonly exports: Readonly<Record<string, (...numbers: number[]) => void>>;
  }
}
