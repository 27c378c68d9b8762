import { startTestCluster, type TestCluster } from "./test-cluster.ts";

/** Names the run's cluster to the test processes, which inherit it. */
export const TEST_CLUSTER_VARIABLE = "POSTERN_TEST_CLUSTER_URL";

let cluster: TestCluster | undefined;

/** Called by node's test runner before the first test process starts. */
export async function globalSetup(): Promise<void> {
  cluster = await startTestCluster();
  process.env[TEST_CLUSTER_VARIABLE] = cluster.owner.url;
}

/** Called by node's test runner after the last test process has ended. */
export async function globalTeardown(): Promise<void> {
  await cluster?.stop();
}
