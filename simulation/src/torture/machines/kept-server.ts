import type { Timers } from "@postern/core";
import { KeptProcess } from "./kept-process.ts";

export interface KeptServerParts {
  readonly name: string;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly logFile: string;
  readonly timers: Timers;
  readonly onEndedByItself: (code: number | null) => void;
}

/** A `postern start` on a database that others use as well; its ports are others after each start. */
export class KeptServer {
  readonly process: KeptProcess;
  #httpPort: number | null = null;
  #mqttPort: number | null = null;

  constructor({ dataDir, databaseUrl, ...parts }: KeptServerParts) {
    const settings = {
      POSTERN_HTTP_PORT: "0",
      POSTERN_MQTT_PORT: "0",
      POSTERN_DATA_DIR: dataDir,
      POSTERN_DEMO: "off",
      DATABASE_URL: databaseUrl,
    };
    this.process = new KeptProcess({ ...parts, args: ["start"], settings, onLine: (line) => this.#read(line) });
  }

  /** Null while it is not up. */
  get httpPort(): number | null {
    return this.process.isReady ? this.#httpPort : null;
  }

  get mqttPort(): number | null {
    return this.process.isReady ? this.#mqttPort : null;
  }

  #read(line: string): void {
    const [, name, port] = /^ {2}(HTTP|MQTT) +\S+:(\d+)$/.exec(line.trimEnd()) ?? [];
    if (name === "HTTP") this.#httpPort = Number(port);
    if (name === "MQTT") this.#mqttPort = Number(port);
  }
}
