import { registerHooks } from "node:module";
import { GUARDS } from "./guard-list.ts";

/** Loaded before anything else (`--import`): sources are changed while they are read, and nothing on the disk is. */
const names = (process.env["SIM_WITHOUT"] ?? "").split(";");
const changes = GUARDS.filter(({ name }) => names.includes(name)).flatMap((guard) => guard.changes);
if (changes.length > 0) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const here = changes.filter(({ file }) => url.endsWith(file));
      if (here.length === 0 || loaded.source == null) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: here.reduce((text, { from, to }) => text.replace(from, () => to), source) };
    },
  });
}
