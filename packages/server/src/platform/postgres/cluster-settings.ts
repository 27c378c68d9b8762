/** `volatile` is for tests and simulations only: a power cut destroys the cluster. */
export type Durability = "durable" | "volatile";

type Settings = Readonly<Record<string, string>>;

/** For two cores, a few gigabytes of memory and other processes beside it. What is absent here is best left at PostgreSQL's default. */
const COMMON: Settings = {
  // Reached through its socket only, which only the owner's folder leads to.
  listen_addresses: "",
  unix_socket_permissions: "0700",
  // Two server processes with 20 connections each, their listeners and migrations, and some to look in with.
  max_connections: "60",
  // Holds the working set of a place with 100,000 auths; little enough that a fast shutdown stays fast.
  shared_buffers: "256MB",
  // Only advice for the planner: what the operating system is likely to hold besides.
  effective_cache_size: "1GB",
  // Sorting a page of events never needs a file.
  work_mem: "8MB",
  // Solid-state disks: a random page costs hardly more than the next one, so indexes are used.
  random_page_cost: "1.1",
  // The recovery after a kill reads at most this again, which keeps the next start within seconds.
  max_wal_size: "1GB",
  checkpoint_timeout: "5min",
  // One statement on one core: with two, parallel workers would take the core on which the next request is answered.
  max_parallel_workers_per_gather: "0",
  max_worker_processes: "4",
  max_logical_replication_workers: "0",
  // Three reading processes less; the working set is in memory.
  io_method: "sync",
  // These binaries have no compiler in them.
  jit: "off",
  // A backend whose client was killed ends its statement instead of finishing it for nobody.
  client_connection_check_interval: "2s",
  timezone: "UTC",
  log_timezone: "UTC",
  // The log names what happened and quotes neither rows nor statements: they hold people.
  log_min_messages: "error",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
  cluster_name: "postern",
};

const DURABLE: Settings = {
  // What was answered is on the disk: the promise of the ledger and of every enrolment.
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
};

const VOLATILE: Settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  // Many test databases come and go; nothing lives long enough to need it.
  autovacuum: "off",
  max_connections: "200",
  shared_buffers: "128MB",
};

/** As arguments of `postgres`, so that every start uses this version's values whatever the cluster's files say. */
export function clusterSettings(durability: Durability, socketDir: string): readonly string[] {
  const settings: Settings = { ...COMMON, ...(durability === "durable" ? DURABLE : VOLATILE), unix_socket_directories: socketDir };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
