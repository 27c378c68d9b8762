import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { platformError } from "../platform-errors.ts";
import { ADDRESSES_PER_NAME_MAX } from "./limits.ts";
import { isPublicAddress } from "./public-address.ts";

/** Every address of a name, as `dns.promises.lookup` gives them. */
export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>;

/**
 * Resolves a name once for the connection that is made to what was found: no second answer can lead elsewhere. One address that is not of the open network
 * refuses them all, since nobody knows which one would be taken.
 */
export function checkedLookup(resolve: ResolveName, isAllowed: boolean): LookupFunction {
  return (name, options, callback) => {
    const answer = async (): Promise<readonly LookupAddress[]> => {
      const found = (await resolve(name)).slice(0, ADDRESSES_PER_NAME_MAX);
      if (!isAllowed && !found.every(({ address }) => isPublicAddress(address))) throw platformError("address_refused");
      return found;
    };
    answer().then(
      (found) => {
        const [first] = found;
        if (first === undefined) callback(Object.assign(platformError("name_unknown"), { errno: 0 }), "", 4);
        else if (options.all === true) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (cause: unknown) => callback(cause instanceof Error ? cause : platformError("name_unknown", { cause }), "", 4),
    );
  };
}
