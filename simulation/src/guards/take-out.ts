import { registerHooks } from "node:module";
import { GUARDS } from "./guard-list.ts";

/** Loaded before anything else (`--import`): the source of one file is changed while it is read, and nothing on the disk is. */
const guard = GUARDS.find(({ name }) => name === process.env["SIM_WITHOUT"]);
if (guard !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(guard.file) || loaded.source == null) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: source.replace(guard.from, () => guard.to) };
    },
  });
}
