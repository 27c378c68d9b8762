import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "@postern/core";
import { type Environment, readConfig } from "../../src/platform/config.ts";

function messageFor(environment: Environment): string {
  try {
    readConfig(environment, "/srv");
  } catch (error) {
    assert.ok(error instanceof CodedError && error.code === "config_invalid" && error.class === "permanent");
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(environment)}`);
}

test("without any variable the defaults of the design hold", () => {
  assert.deepEqual(readConfig({}, "/srv"), {
    httpPort: 8080,
    mqttPort: 1883,
    host: "127.0.0.1",
    tls: null,
    trustedProxies: [],
    publicUrl: null,
    isInsecure: false,
    dataDir: "/srv/.postern",
    databaseUrl: null,
    demo: "auto",
    rateLimit: "off",
    metrics: "operator",
    logLevel: "info",
    eventsKeptDays: 365,
    outgoingHosts: [],
  });
});

test("an empty variable counts as unset", () => {
  assert.deepEqual(readConfig({ POSTERN_HTTP_PORT: "", DATABASE_URL: " ", POSTERN_DEMO: "" }, "/srv"), readConfig({}, "/srv"));
});

test("every variable is read", () => {
  const environment = {
    POSTERN_HTTP_PORT: "0",
    POSTERN_MQTT_PORT: "0",
    POSTERN_HOST: "0.0.0.0",
    POSTERN_TLS_CERT: "tls/cert.pem",
    POSTERN_TLS_KEY: "/etc/key.pem",
    POSTERN_PUBLIC_URL: "https://doors.example.com/postern/",
    POSTERN_TRUST_PROXY: "10.0.0.7, 192.168.0.0/16,fd00::/8",
    POSTERN_INSECURE: "1",
    POSTERN_DATA_DIR: "data",
    DATABASE_URL: "postgresql://u:p@db/x",
    POSTERN_DEMO: "on",
    POSTERN_RATE_LIMIT: "off",
    POSTERN_LOG_LEVEL: "warn",
    POSTERN_EVENTS_KEPT_DAYS: "90",
    POSTERN_OUTGOING_HOSTS: "crm.internal, http://10.0.0.7:9000",
  };
  assert.deepEqual(readConfig(environment, "/srv"), {
    httpPort: 0,
    mqttPort: 0,
    host: "0.0.0.0",
    tls: { certFile: "/srv/tls/cert.pem", keyFile: "/etc/key.pem" },
    trustedProxies: ["10.0.0.7", "192.168.0.0/16", "fd00::/8"],
    publicUrl: "https://doors.example.com/postern",
    isInsecure: true,
    dataDir: "/srv/data",
    databaseUrl: "postgresql://u:p@db/x",
    demo: "on",
    rateLimit: "off",
    metrics: "operator",
    logLevel: "warn",
    eventsKeptDays: 90,
    outgoingHosts: [
      { host: "crm.internal", port: null, mayBePlain: false },
      { host: "10.0.0.7", port: 9000, mayBePlain: true },
    ],
  });
});

test("calls are counted where others can reach the server, and else where somebody says so", () => {
  const limitOf = (environment: Environment): string => readConfig(environment, "/srv").rateLimit;
  assert.equal(limitOf({ POSTERN_HOST: "0.0.0.0", POSTERN_INSECURE: "1" }), "on");
  assert.equal(limitOf({ POSTERN_HOST: "0.0.0.0", POSTERN_TLS_CERT: "c", POSTERN_TLS_KEY: "k" }), "on");
  // On loopback, and yet everybody reaches it through the proxy.
  assert.equal(limitOf({ POSTERN_TRUST_PROXY: "127.0.0.1" }), "on");
  assert.equal(limitOf({ POSTERN_HOST: "::1" }), "off");
  assert.equal(limitOf({ POSTERN_RATE_LIMIT: "on" }), "on");
  assert.equal(limitOf({ POSTERN_HOST: "0.0.0.0", POSTERN_INSECURE: "1", POSTERN_RATE_LIMIT: "auto" }), "on");
  assert.equal(limitOf({ POSTERN_HOST: "0.0.0.0", POSTERN_INSECURE: "1", POSTERN_RATE_LIMIT: "off" }), "off");
});

const BAD_VALUES: readonly (readonly [variable: string, value: string])[] = [
  ["POSTERN_HTTP_PORT", "65536"],
  ["POSTERN_HTTP_PORT", "-1"],
  ["POSTERN_HTTP_PORT", "80a"],
  ["POSTERN_HTTP_PORT", "1e3"],
  ["POSTERN_MQTT_PORT", "0x10"],
  ["POSTERN_HOST", "999.1.1.1"],
  ["POSTERN_HOST", "a b"],
  ["POSTERN_HOST", "http://example.com"],
  ["POSTERN_TRUST_PROXY", "yes"],
  ["POSTERN_TRUST_PROXY", "10.0.0.0/33"],
  ["POSTERN_TRUST_PROXY", "10.0.0.1,"],
  ["POSTERN_INSECURE", "true"],
  ["POSTERN_DATA_DIR", "a\0b"],
  ["DATABASE_URL", "mysql://u:hunter2@db/x"],
  ["POSTERN_DEMO", "yes"],
  ["POSTERN_RATE_LIMIT", "300"],
  ["POSTERN_LOG_LEVEL", "verbose"],
  ["POSTERN_PUBLIC_URL", "doors.example.com"],
  ["POSTERN_PUBLIC_URL", "ftp://doors.example.com"],
  ["POSTERN_PUBLIC_URL", "https://somebody@doors.example.com"],
  ["POSTERN_OUTGOING_HOSTS", "*.internal"],
];

for (const [variable, value] of BAD_VALUES) {
  test(`${variable}=${JSON.stringify(value)} is refused in a sentence that names the variable`, () => {
    const message = messageFor({ [variable]: value });
    assert.match(message, new RegExp(`${variable} must`));
    assert.equal(message.match(/POSTERN_[A-Z_]+|DATABASE_URL/g)?.length, 1);
  });
}

test("a database URL is never repeated in the message, since it holds a password", () => {
  assert.doesNotMatch(messageFor({ DATABASE_URL: "mysql://u:hunter2@db/x" }), /hunter2/);
});

test("all bad values are told at once", () => {
  const message = messageFor({ POSTERN_HTTP_PORT: "x", POSTERN_DEMO: "x" });
  assert.match(message, /POSTERN_HTTP_PORT/);
  assert.match(message, /POSTERN_DEMO/);
});

test("half of a certificate and key is refused", () => {
  assert.match(messageFor({ POSTERN_TLS_CERT: "c.pem" }), /POSTERN_TLS_KEY must/);
  assert.match(messageFor({ POSTERN_TLS_KEY: "k.pem" }), /POSTERN_TLS_CERT must/);
});

test("two listeners on one port are refused", () => {
  assert.match(messageFor({ POSTERN_HTTP_PORT: "1883" }), /POSTERN_MQTT_PORT must differ/);
});

const BEYOND_LOOPBACK = ["0.0.0.0", "::", "192.168.1.4", "door.example.com", "127.example.com"];

for (const host of BEYOND_LOOPBACK) {
  test(`a listener on ${host} without TLS, proxy or POSTERN_INSECURE=1 is refused`, () => {
    assert.match(messageFor({ POSTERN_HOST: host }), /POSTERN_HOST .* POSTERN_INSECURE=1/);
    assert.match(messageFor({ POSTERN_HOST: host, POSTERN_INSECURE: "0" }), /POSTERN_HOST/);
    const ways: readonly Environment[] = [
      { POSTERN_INSECURE: "1" },
      { POSTERN_TRUST_PROXY: "10.0.0.1" },
      { POSTERN_TLS_CERT: "c", POSTERN_TLS_KEY: "k" },
    ];
    for (const way of ways) assert.equal(readConfig({ POSTERN_HOST: host, ...way }, "/srv").host, host);
  });
}

for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) {
  test(`a listener on ${host} needs no protection`, () => {
    assert.equal(readConfig({ POSTERN_HOST: host }, "/srv").host, host);
  });
}
