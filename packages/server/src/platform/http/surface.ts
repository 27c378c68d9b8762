/** Whose manners an answer has: CLUe's on v1, those of RFC 9457 everywhere else. */
export type Surface = "v1" | "native";

/** CLUe §7: every v1 path answers under each of these. */
export const V1_PREFIXES = ["/v1", "/v1/be", "/api/v1", "/api/v1/be"] as const;

export const V2_PREFIX = "/v2";

/** By the raw URL, since a request that fits no route needs an answer too. Doubled slashes count once, as in the router. */
export function surfaceOf(url: string): Surface {
  return /^\/+(?:api\/+)?v1(?:[/?#;]|$)/.test(url) ? "v1" : "native";
}
