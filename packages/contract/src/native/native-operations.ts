import { controllerOperations } from "./controller.ts";
import { displayOperations } from "./display.ts";
import { doorOperations } from "./door.ts";
import { dynamicQrOperations } from "./dynamic-qr.ts";
import { eventOperations } from "./event.ts";
import { exportOperations } from "./export.ts";
import { groupOperations } from "./group.ts";
import { importOperations } from "./import.ts";
import { insightOperations } from "./insight.ts";
import { keyOperations } from "./key.ts";
import { ledgerOperations } from "./ledger.ts";
import { operatingOperations } from "./operating.ts";
import { personOperations } from "./person.ts";
import { placeOperations } from "./place.ts";
import { proofOperations } from "./proof.ts";
import { receiptOperations } from "./receipt.ts";
import { scanOperations } from "./scan.ts";
import { scheduleOperations } from "./schedule.ts";
import { vendorOperations } from "./vendor-api.ts";
import { webhookOperations } from "./webhook.ts";

/** Every call of v2. */
export const NATIVE_OPERATIONS = {
  ...placeOperations,
  ...doorOperations,
  ...operatingOperations,
  ...scanOperations,
  ...displayOperations,
  ...controllerOperations,
  ...scheduleOperations,
  ...groupOperations,
  ...personOperations,
  ...importOperations,
  ...dynamicQrOperations,
  ...keyOperations,
  ...eventOperations,
  ...exportOperations,
  ...ledgerOperations,
  ...webhookOperations,
  ...vendorOperations,
  ...insightOperations,
  ...proofOperations,
  ...receiptOperations,
} as const;

export type NativeOperations = typeof NATIVE_OPERATIONS;
export type NativeOperationId = keyof NativeOperations;

/** Calls that answer JSON, or nothing; the others are sent as they come into being. */
export type CalledOperationId = {
  [Id in NativeOperationId]: NativeOperations[Id] extends { readonly answerMedia: string } ? never : Id;
}[NativeOperationId];
