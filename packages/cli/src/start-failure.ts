import type { Config } from "@postern/server";
import { readDemoFile } from "./demo-file.ts";
import { describeFailure, errorCode, failure } from "./failure.ts";

/** Why a server did not start, in terms of what its user can change. */
export async function startFailure(error: unknown, config: Config): Promise<unknown> {
  const code = errorCode(error) ?? "";
  const { text } = describeFailure(error);
  switch (code) {
    case "EADDRINUSE":
      return failure(
        "port_taken",
        `${portOf(error, config)} is taken by another program. Stop that, or choose another; 0 takes any free one.`,
        error,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return failure("host_unknown", `POSTERN_HOST ${config.host} is no address of this machine.`, error);
    case "ENOENT":
    case "EACCES":
      return fileOrPort(error, config);
    case "data_dir_held": {
      const demo = await readDemoFile(config.dataDir);
      return failure(code, `Already running${demo === null ? "" : ` at ${demo.baseUrl}`}. ${text}`, error);
    }
    case "database_away":
      return config.databaseUrl === null ? error : failure(code, `${text} Is PostgreSQL running where DATABASE_URL says?`, error);
    default:
      return code.startsWith("ERR_OSSL")
        ? failure("tls_unusable", `POSTERN_TLS_CERT and POSTERN_TLS_KEY cannot be used: ${text}`, error)
        : error;
  }
}

function fileOrPort(error: unknown, config: Config): unknown {
  const path = member(error, "path");
  if (path === config.tls?.certFile) return failure("tls_unusable", `The file of POSTERN_TLS_CERT cannot be read: ${String(path)}`, error);
  if (path === config.tls?.keyFile) return failure("tls_unusable", `The file of POSTERN_TLS_KEY cannot be read: ${String(path)}`, error);
  if (member(error, "syscall") !== "listen") return error;
  return failure("port_forbidden", `${portOf(error, config)} may not be taken by this user. Choose one from 1024 on.`, error);
}

function portOf(error: unknown, config: Config): string {
  const port = member(error, "port");
  const name = port === config.httpPort ? "POSTERN_HTTP_PORT" : port === config.mqttPort ? "POSTERN_MQTT_PORT" : "";
  return name === "" ? "A port" : `Port ${String(port)} (${name})`;
}

function member(error: unknown, name: string): unknown {
  return error instanceof Error ? Reflect.get(error, name) : undefined;
}
