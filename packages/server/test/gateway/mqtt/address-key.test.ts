import assert from "node:assert/strict";
import { test } from "node:test";
import { addressKey } from "../../../src/gateway/mqtt/address-key.ts";

test("an IPv4 address is one address, also as a dual-stack listener writes it", () => {
  assert.equal(addressKey("192.0.2.7"), "192.0.2.7");
  assert.equal(addressKey("::ffff:192.0.2.7"), "192.0.2.7");
  assert.notEqual(addressKey("192.0.2.7"), addressKey("192.0.2.8"));
});

test("all addresses of one IPv6 /64 count as one", () => {
  assert.equal(addressKey("2001:db8:1:2::1"), addressKey("2001:db8:1:2:ffff:1:2:3"));
  assert.equal(addressKey("2001:DB8:0001:2::1"), addressKey("2001:db8:1:2::9"));
  assert.equal(addressKey("fe80::1%eth0"), addressKey("fe80::2%eth0"));
});

test("another IPv6 /64 is another address", () => {
  assert.notEqual(addressKey("2001:db8:1:2::1"), addressKey("2001:db8:1:3::1"));
  assert.notEqual(addressKey("::1"), addressKey("2001:db8::1"));
  assert.notEqual(addressKey("1::2:3:4:5"), addressKey("1:2:3:4::5"));
});
