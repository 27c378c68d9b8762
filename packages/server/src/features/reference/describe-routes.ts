import { clueDocument, nativeDocument, type OpenApiDocument } from "@postern/contract";
import type { ServedRoute } from "../../platform/http/served-routes.ts";
import { servedOperations } from "./served-operations.ts";

export interface ApiDescription {
  readonly v1: OpenApiDocument;
  readonly v2: OpenApiDocument;
  /** Routes that stand in neither document. There shall be none. */
  readonly undescribed: readonly string[];
}

/** The descriptions of what these routes serve. */
export function describeRoutes(routes: readonly ServedRoute[], version: string): ApiDescription {
  const { v1, v2, undescribed } = servedOperations(routes);
  return { v1: clueDocument(v1, version), v2: nativeDocument(v2, version), undescribed };
}
