export { createTestDatabase, type TestDatabase } from "./test-database.ts";
export { startTestCluster, type TestCluster } from "./test-cluster.ts";
