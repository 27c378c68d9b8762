import { OutgoingHttp } from "../../platform/outgoing/outgoing-http.ts";
import type { AllowedHost } from "../../platform/outgoing/target-rules.ts";
import { VendorAsks, type VendorAsksDeps } from "./ask-vendor.ts";
import { IDLE_SOCKETS_PER_VENDOR_MAX, SOCKETS_PER_VENDOR_MAX } from "./limits.ts";

export interface OpenVendorAsksDeps extends Omit<VendorAsksDeps, "outgoing"> {
  readonly allowedHosts: readonly AllowedHost[];
}

/** The way from doors to customers' own servers. Its connections are its own: a webhook that is slow keeps no door waiting. */
export function openVendorAsks(deps: OpenVendorAsksDeps, stack: AsyncDisposableStack): VendorAsks {
  const socketsPerTarget = { inUse: SOCKETS_PER_VENDOR_MAX, kept: IDLE_SOCKETS_PER_VENDOR_MAX };
  const outgoing = new OutgoingHttp({ ...deps, socketsPerTarget });
  stack.defer(() => outgoing.close());
  return new VendorAsks({ ...deps, outgoing });
}
