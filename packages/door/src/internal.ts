export * from "./controller/door-clock.ts";
export * from "./controller/door-state.ts";
export * from "./controller/step-door.ts";
export * from "./drivers/virtual/virtual-driver.ts";
export * from "./outbox/outbox.ts";
export * from "./replica/replica.ts";
export * from "./uplink/step-uplink.ts";
export * from "./uplink/uplink-table.ts";
