// Loaded before every test file. Node's runner limits a test's time but waits for ever for a file whose tests are done and which left a
// timer, a socket or a process open; here such a file fails and says what keeps it alive.

/** A test file that still runs then hangs or leaves something open. The longest, which asks twenty thousand requests, takes a minute and a half on two idle cores. */
const FILE_MS_MAX = Number(process.env["POSTERN_TEST_FILE_MS_MAX"] ?? 360_000);

function giveUp(): void {
  const open = process.getActiveResourcesInfo().join(", ");
  process.stderr.write(`${process.argv[1] ?? "A test file"} still runs after ${FILE_MS_MAX} ms, kept alive by: ${open}\n`);
  process.exit(1);
}

// The runner itself loads this too, and has no limit.
if (process.env["NODE_TEST_CONTEXT"] !== undefined) setTimeout(giveUp, FILE_MS_MAX).unref();
