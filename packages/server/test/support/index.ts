export { selfSigned } from "../gateway/mqtt/self-signed.ts";
export { eventually } from "./eventually.ts";
export { giveKey, LinkClient, type LinkIdentity } from "./link-client.ts";
export { createTestPlace, TEST_NOW_MS, type TestPlace } from "./place.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { startTestCluster, type TestCluster } from "./test-cluster.ts";
export { createTestDatabase, type TestDatabase } from "./test-database.ts";
